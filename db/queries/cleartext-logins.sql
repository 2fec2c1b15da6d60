-- Users whose password crossed the network readable, or so that it can be guessed offline
SELECT l.username, v.rule, coalesce(l.mechanism, l.command) AS method, c.server_ip AS server, c.server_port AS port,
       count(*) AS logins,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(l.time_ns) / 1000000000, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(l.time_ns) / 1000000000, 'unixepoch') AS last
FROM violations v
JOIN logins l ON l.id = v.login_id
JOIN connections c ON c.id = l.connection_id
WHERE (v.rule = 'cleartext-password' OR v.rule = 'guessable-exchange')
  AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
  AND (:rule IS NULL OR v.rule = :rule)
GROUP BY l.username, v.rule, method, c.server_ip, c.server_port
ORDER BY logins DESC, l.username, server, port, method;
