-- Logins that were refused, why, what the server said, and which rules they broke
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', l.time_ns / 1000000000, 'unixepoch') AS time,
       l.username, l.result, k.cause, k.certainty, l.response_code,
       CASE l.result WHEN 'OK' THEN l.after_text ELSE l.response_text END AS said,
       (SELECT group_concat(v.rule, ' ') FROM violations v
        WHERE v.login_id = l.id) AS rules,
       c.client_ip, c.server_ip, c.server_port, p.source AS capture, l.frame
FROM judged_logins l
JOIN connections c ON c.id = l.connection_id
JOIN captures p ON p.id = l.capture_id
LEFT JOIN causes k ON k.login_id = l.id
WHERE l.refused
  AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
  AND (:rule IS NULL OR EXISTS (SELECT 1 FROM violations v WHERE v.login_id = l.id AND v.rule = :rule))
ORDER BY l.time_ns, l.id;
