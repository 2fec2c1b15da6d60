-- Logins sent in plain text behind STARTTLS before its answer, and whether the server took them
SELECT l.username, l.result, c.encryption, c.client_ip AS client, c.server_ip AS server,
       c.server_port AS port, c.server_product,
       strftime('%Y-%m-%dT%H:%M:%SZ', l.time_ns / 1000000000, 'unixepoch') AS time, p.source AS capture, l.frame
FROM violations v
JOIN logins l ON l.id = v.login_id
JOIN connections c ON c.id = l.connection_id
JOIN captures p ON p.id = l.capture_id
WHERE v.rule = 'starttls-pipelined'
  AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
ORDER BY l.time_ns, l.id;
