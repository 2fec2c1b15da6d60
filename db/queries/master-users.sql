-- Logins as user*master at Dovecot: perhaps its way to log in as another user, no typo, yet * needs quotes
SELECT substr(l.username, 1, instr(l.username, '*') - 1) AS user,
       substr(l.username, instr(l.username, '*') + 1) AS master,
       l.username_form, l.result,
       (SELECT k.cause FROM causes k WHERE k.login_id = l.id) AS cause, c.client_ip, c.server_ip,
       strftime('%Y-%m-%dT%H:%M:%SZ', l.time_ns / 1000000000, 'unixepoch') AS time, p.source AS capture, l.frame
FROM logins l
JOIN connections c ON c.id = l.connection_id
JOIN captures p ON p.id = l.capture_id
WHERE l.username GLOB '?*[*]?*'
  AND (coalesce(c.server_product, '') LIKE 'Dovecot%' OR coalesce(c.server_ident, '') LIKE '%dovecot%')
  AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
ORDER BY l.time_ns, l.id;
