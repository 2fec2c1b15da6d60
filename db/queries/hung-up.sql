-- Servers that closed the connection on a login without an answer: which logins, how they were written, how soon
SELECT l.username, coalesce(l.mechanism, l.command) AS method, l.username_form,
       (SELECT group_concat(v.rule, ' ') FROM violations v
        WHERE v.login_id = l.id) AS rules,
       c."end", round((c.closed_ns - l.time_ns) / 1000000.0, 1) AS ms, c.client_ip, c.server_ip,
       c.server_product, strftime('%Y-%m-%dT%H:%M:%SZ', l.time_ns / 1000000000, 'unixepoch') AS time, p.source AS capture,
       l.frame
FROM causes k
JOIN logins l ON l.id = k.login_id
JOIN connections c ON c.id = l.connection_id
JOIN captures p ON p.id = l.capture_id
WHERE k.cause = 'hung-up'
  AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
ORDER BY l.time_ns, l.id;
