-- Backslashes in quoted user names, escaped or not, passwords that are quoted wrongly, and the answer
SELECT l.username, v.argument AS not_escaped_in, l.result,
       (SELECT k.cause FROM causes k WHERE k.login_id = l.id) AS cause,
       c.client_ip, c.server_ip, c.server_product,
       strftime('%Y-%m-%dT%H:%M:%SZ', l.time_ns / 1000000000, 'unixepoch') AS time, p.source AS capture, l.frame
FROM logins l
JOIN connections c ON c.id = l.connection_id
JOIN captures p ON p.id = l.capture_id
LEFT JOIN violations v ON v.login_id = l.id AND v.rule = 'bad-quoted'
    AND (v.argument = 'password' OR v.argument = 'username' AND instr(v.octets, '\') > 0)
-- \xNN is how an octet that is no UTF-8 is kept: no backslash was sent there
WHERE (v.id IS NOT NULL
       OR l.username_form = 'quoted' AND instr(l.username, '\') > 0
          AND NOT l.username GLOB '*\x[0-9A-F][0-9A-F]*')
  AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
ORDER BY v.id IS NULL, l.time_ns, l.id;
