-- One row a try: how the first login of its connection was written, what of the grammar that broke, and what came of it.
-- The scripted server's greeting names the try of a client or a proxy (there on port 1143); a real server's address and
-- the login's tag name it for a server. A connection that carried no login is a row, too.
WITH tried AS (
    SELECT c.id, CASE c.server_port WHEN 143 THEN 'client' ELSE 'proxy' END AS part,
           json_extract(c.try, '$.software') AS software, json_extract(c.try, '$.offer') AS offer,
           json_extract(c.try, '$.argument') AS argument, json_extract(c.try, '$.value') AS value,
           NULL AS written, c.server_ip,
           (SELECT min(l.id) FROM logins l WHERE l.connection_id = c.id) AS login_id
      FROM (SELECT *, substr(greeting, instr(greeting, '{'),
                               instr(greeting, '}') - instr(greeting, '{') + 1) AS try FROM connections
             WHERE greeting LIKE 'wild {%' AND server_port IN (143, 1143)
                -- imapproxy greets its clients with the words of the server behind it
               AND NOT (server_port = 143 AND server_ip GLOB '127.10[0-9].*')) c
    UNION ALL
    SELECT c.id, 'server',
           CASE substr(c.server_ip, 1, 8) WHEN '127.201.' THEN 'hoodiecrow' WHEN '127.202.' THEN 'Dovecot'
               WHEN '127.203.' THEN 'Cyrus' WHEN '127.204.' THEN 'Courier' END,
           NULL,
           CASE substr(l.tag, 1, 1) WHEN 'u' THEN 'username' ELSE 'password' END,
           substr(l.tag, 3, instr(substr(l.tag, 3), '-') - 1),
           substr(l.tag, 3 + instr(substr(l.tag, 3), '-')),
           c.server_ip, l.id
      FROM logins l JOIN connections c ON c.id = l.connection_id
     WHERE c.server_ip GLOB '127.20[1-4].*' AND l.tag GLOB '[up]-*-*'
)
SELECT t.part, t.software, t.offer, t.argument, t.value, t.written,
       l.command, l.mechanism, l.username, l.username_form, l.password_form, l.incomplete,
       (SELECT group_concat(one, ', ')
          FROM (SELECT v.rule || ' ' || v.argument AS one FROM violations v
                 WHERE v.login_id = l.id
                 ORDER BY v.rule, v.argument)) AS broken,
       l.result, CASE WHEN l.result <> 'OK' THEN l.response_code END AS response_code,
       CASE WHEN l.result <> 'OK' THEN l.response_text END AS response_text -- OK comes with session numbers
  FROM tried t
  LEFT JOIN logins l ON l.id = t.login_id
 -- a client that connected several times: its first login, or a row without one
 WHERE t.part = 'server'
    OR t.id = (SELECT o.id FROM tried o WHERE o.server_ip = t.server_ip AND o.part = t.part
                ORDER BY o.login_id IS NULL, o.id LIMIT 1)
 ORDER BY t.part, CAST(substr(t.server_ip, 5, instr(substr(t.server_ip, 5), '.') - 1) AS INTEGER),
          substr(t.server_ip, 5 + instr(substr(t.server_ip, 5), '.'), 1), -- the second and third number of the address
          t.argument DESC, t.value, t.written
