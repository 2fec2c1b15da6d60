-- Logins with * or % in the user name or password, how that was written, and what the server said
SELECT username, username_wildcard, password_wildcard, result, cause, response_text,
       client_ip, server_ip, server_port,
       substr(time, 1, 19) || 'Z' AS time, capture, frame
FROM wildcard_logins
WHERE (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR username = :user COLLATE NOCASE)
ORDER BY time_ns, login_id;
