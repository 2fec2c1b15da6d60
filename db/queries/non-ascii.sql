-- Logins with octets over 127 in the user name, or where they are a violation, and the answer
SELECT l.username, l.username_form, v.argument AS violation_in,
       CASE
           WHEN NOT l.username GLOB '*[^ -~]*' AND NOT l.username GLOB '*\x[89A-F][0-9A-F]*' THEN NULL
           WHEN l.username GLOB '*\x[89A-F][0-9A-F]*' THEN 'not UTF-8'
           ELSE 'UTF-8'
       END AS user_encoding,
       l.result, (SELECT k.cause FROM causes k WHERE k.login_id = l.id) AS cause, c.client_ip, c.server_ip, c.server_product,
       strftime('%Y-%m-%dT%H:%M:%SZ', l.time_ns / 1000000000, 'unixepoch') AS time, p.source AS capture, l.frame
FROM logins l
JOIN connections c ON c.id = l.connection_id
JOIN captures p ON p.id = l.capture_id
LEFT JOIN violations v ON v.login_id = l.id AND v.rule = 'eight-bit-octet'
-- octets that are no UTF-8 are kept as \x80 to \xFF
WHERE (v.id IS NOT NULL OR l.username GLOB '*[^ -~]*' OR l.username GLOB '*\x[89A-F][0-9A-F]*')
  AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
ORDER BY l.time_ns, l.id, v.argument;
