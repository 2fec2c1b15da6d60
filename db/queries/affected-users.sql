-- Users whose login broke a rule and was refused, and whether they got in another way (--client: also behind a proxy)
SELECT username, server_ip, refused, certainty, rules, clients,
       substr(first_time, 1, 19) || 'Z' AS first_time, substr(last_time, 1, 19) || 'Z' AS last_time, got_in, got_in_by
FROM affected_users
WHERE (:server IS NULL OR server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR username = :user COLLATE NOCASE)
  AND (:client IS NULL AND :rule IS NULL
       OR (username, server_ip) IN
              (SELECT username, server_ip FROM findings
               WHERE refused
                 AND (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client))
                      -- a proxy sent it, for a client that is meant
                      OR login_id IN (SELECT k.login_id
                                      FROM causes k
                                      JOIN logins i ON i.id = k.inbound_login_id
                                      JOIN connections c ON c.id = i.connection_id
                                      WHERE c.client_ip IN (SELECT value FROM json_each(:client))))
                 AND (:rule IS NULL OR rule = :rule)))
ORDER BY refused DESC, username, server_ip;
