-- Clients that sent a readable password although the server offered STARTTLS, and did not refuse it
SELECT c.client_ip, c.server_ip, c.server_port, count(DISTINCT l.username) AS users,
       count(*) AS logins,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(l.time_ns) / 1000000000, 'unixepoch') AS first_time,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(l.time_ns) / 1000000000, 'unixepoch') AS last_time
FROM logins l
JOIN connections c ON c.id = l.connection_id
WHERE l.exposure = 'password' AND instr(' ' || upper(c.capabilities) || ' ', ' STARTTLS ') > 0
  AND c.starttls IS NOT 'refused'
  AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
GROUP BY c.client_ip, c.server_ip, c.server_port
ORDER BY logins DESC, c.client_ip, c.server_ip, c.server_port;
