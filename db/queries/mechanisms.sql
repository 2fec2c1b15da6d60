-- How users log in: LOGIN or a SASL mechanism, how the user name was written, with which success
SELECT coalesce(mechanism, command) AS method, username_form, count(*) AS logins, sum(refused IS 0) AS accepted,
       sum(refused IS 1) AS refused, sum(refused IS NULL) AS unanswered
FROM judged_logins
GROUP BY method, username_form
ORDER BY logins DESC, method, username_form;
