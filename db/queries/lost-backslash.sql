-- User names that lost a backslash, sent in quotes but not doubled: "CORP\bob" is seen as CORPbob
SELECT -- the user name as sent, where the one backslash can be put back exactly
       CASE
           WHEN v.count = 1 AND v.position BETWEEN 1 AND l.username_length + 1
               AND l.username_length = length(CAST(l.username AS BLOB)) AND l.username_length = length(l.username)
               AND instr(l.username, '"') = 0 AND instr(l.username, '\') = 0
               AND NOT l.username GLOB 'user-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]*'
               THEN '"' || substr(l.username, 1, v.position - 1) || '\' || substr(l.username, v.position) || '"'
       END AS sent,
       l.username AS seen, l.result, (SELECT k.cause FROM causes k WHERE k.login_id = l.id) AS cause,
       c.client_ip, c.server_ip, c.server_product,
       strftime('%Y-%m-%dT%H:%M:%SZ', l.time_ns / 1000000000, 'unixepoch') AS time, p.source AS capture, l.frame
FROM violations v
JOIN logins l ON l.id = v.login_id
JOIN connections c ON c.id = l.connection_id
JOIN captures p ON p.id = l.capture_id
WHERE v.rule = 'bad-quoted' AND v.argument = 'username' AND instr(v.octets, '\') > 0
  AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
ORDER BY l.time_ns, l.id;
