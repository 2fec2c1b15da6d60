-- How users log in: LOGIN or a SASL mechanism, how the user name was written, with which success
SELECT coalesce(mechanism, command) AS method, username_form, count(*) AS logins, sum(refused IS 0) AS accepted,
       sum(refused IS 1) AS refused, sum(refused IS NULL) AS unanswered
FROM judged_logins l
JOIN connections c ON c.id = l.connection_id
WHERE (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
GROUP BY method, username_form
ORDER BY logins DESC, method, username_form;
