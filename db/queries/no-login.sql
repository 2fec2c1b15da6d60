-- Connections without a login, and why: by client, server and reason, with the server's words
SELECT c.client_ip, c.server_ip, c.server_port, c.no_login,
       CASE WHEN c.no_login = 'bye-greeting' THEN c.greeting ELSE c.no_login_text END AS said,
       count(*) AS connections, r.meaning, max(c.server_product) AS server_product,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(c.first_ns) / 1000000000, 'unixepoch') AS first_time,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(c.last_ns) / 1000000000, 'unixepoch') AS last_time
FROM connections c
JOIN no_login_reasons r ON r.no_login = c.no_login
WHERE c.no_login <> 'encrypted'
  AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
GROUP BY c.client_ip, c.server_ip, c.server_port, c.no_login, said
ORDER BY r.known DESC, connections DESC, c.client_ip, c.server_ip, c.server_port, c.no_login, said;
