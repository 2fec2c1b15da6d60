-- Logins with * or % in the user name or password, how that was written, and what the server said
SELECT username, username_wildcard, password_wildcard, result, response_text,
       client_ip AS client, server_ip AS server, server_port AS port,
       substr(time, 1, 19) || 'Z' AS time, capture, frame
FROM wildcard_logins
ORDER BY time_ns, login_id;
