-- Plain text behind STARTTLS, before its answer or in the place of TLS: its logins, and whether the server took them
SELECT l.username, l.result, (SELECT k.cause FROM causes k WHERE k.login_id = l.id) AS cause, c.starttls, c.encryption, c.client_ip, c.server_ip,
       c.server_port, c.server_product,
       strftime('%Y-%m-%dT%H:%M:%SZ', coalesce(l.time_ns, c.first_ns) / 1000000000, 'unixepoch') AS time,
       p.source AS capture, l.frame
FROM connections c
LEFT JOIN (SELECT l.* FROM logins l JOIN violations v ON v.login_id = l.id WHERE v.rule = 'starttls-pipelined') l
    ON l.connection_id = c.id
JOIN captures p ON p.id = coalesce(l.capture_id, c.capture_id)
WHERE (c.starttls_pipelined OR l.id IS NOT NULL)
  AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
ORDER BY coalesce(l.time_ns, c.first_ns), c.id, l.id;
