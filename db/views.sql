-- What is asked most, as views on the tables of schema.sql, made right after them; judgement.sql comes next.
--
-- Times are ISO 8601 text in UTC. Nothing but views stands here and in judgement.sql: a query of a part of the database
-- makes them all again, over that part.

CREATE VIEW judged_logins AS
    -- Every login with three judgements: refused (NULL: no verdict was seen), and whether a wildcard was sent
    -- unquoted, or properly quoted (or as a literal) in the user name. What a quoted password held is not known.
    -- An Exchange or a Coremail server can accept a login and then refuse the mailbox: that counts as refused.
    SELECT l.*,
           CASE
               WHEN l.result IS NULL THEN NULL
               WHEN l.result <> 'OK' THEN 1
               WHEN (l.after_result = 'BAD' OR l.after_result = 'NO')
                   AND (instr(l.after_text, 'authenticated but not connected') > 0 OR instr(l.after_text, 'Unsafe Login') > 0)
                   THEN 1
               ELSE 0
           END AS refused,
           l.id IN (SELECT v.login_id FROM violations v
                    WHERE v.rule = 'unquoted-wildcard'
                      AND (v.argument = 'username' OR v.argument = 'password')) AS wildcard_unquoted,
           -- most names hold neither: that is asked first
           CASE
               WHEN instr(l.username, '*') > 0 OR instr(l.username, '%') > 0
                   THEN coalesce(l.username_form = 'quoted' OR l.username_form = 'literal' OR l.username_form = 'literal+'
                                 OR l.username_form = 'literal8', 0)
               ELSE 0
           END AS wildcard_quoted,
           -- sent as an atom, which a wildcard in it would break
           l.username_form IS 'atom' OR l.password_form IS 'atom' AS bare,
           -- the user name is written as --mask-users writes it
           length(l.username) = 21 AND l.username GLOB 'user-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]*' AS masked
    FROM logins l;

CREATE VIEW refused_users_logins AS
    -- All logins, whatever came of them, of the users one of whose logins broke the grammar and was refused.
    SELECT l.id AS login_id
    FROM logins l
    WHERE l.username IN (SELECT r.username
                         FROM violations v
                         JOIN judged_logins r ON r.id = v.login_id
                         WHERE r.refused);

CREATE VIEW pair_counts AS
    -- What is counted over all connections and logins, for each client and port of a server. Whoever reads it adds up
    -- its rows: imaptap puts a table of its own in the place of this view (db/aggregates), which counts the same in
    -- less time, and can have it in several rows.
    SELECT client_ip, server_ip, server_port,
           max(server_product) AS server_product, max(CASE WHEN logins > 0 THEN server_product END) AS login_product,
           -- the last connections whose greeting named the product, and had a text
           max(CASE WHEN server_product IS NOT NULL THEN id END) AS product_id,
           max(CASE WHEN greeting IS NOT NULL THEN id END) AS greeting_id,
           min(masked) AS masked, -- 1: the names of all bare logins are masked; NULL: there is none
           count(*) AS connections, sum(logins) AS logins, sum(refused) AS refused, sum(unanswered) AS unanswered,
           sum(bad) AS bad, -- answered BAD
           sum(quoted) AS quoted, sum(quoted_let_in) AS quoted_let_in, sum(quoted_refused) AS quoted_refused, -- wildcards
           sum(bare) AS bare, sum(encryption <> 'none') AS encrypted, sum(not_imap) AS not_imap
    FROM (SELECT c.id, c.client_ip, c.server_ip, c.server_port, c.server_product, c.greeting, c.encryption, c.not_imap,
                 count(l.id) AS logins, count(CASE WHEN l.refused THEN 1 END) AS refused,
                 count(CASE WHEN l.refused IS NULL THEN l.id END) AS unanswered,
                 count(CASE WHEN l.result = 'BAD' THEN 1 END) AS bad,
                 count(CASE WHEN l.wildcard_quoted THEN 1 END) AS quoted,
                 count(CASE WHEN l.wildcard_quoted AND l.refused = 0 THEN 1 END) AS quoted_let_in,
                 count(CASE WHEN l.wildcard_quoted AND l.refused THEN 1 END) AS quoted_refused,
                 count(CASE WHEN l.bare THEN 1 END) AS bare, min(CASE WHEN l.bare THEN l.masked END) AS masked
          FROM connections c
          LEFT JOIN judged_logins l ON l.connection_id = c.id
          GROUP BY c.id)
    GROUP BY client_ip, server_ip, server_port;

CREATE VIEW pair_totals AS
    -- The same for each client and server, in one row. imaptap puts a table of its own in the place of this view too.
    SELECT client_ip, server_ip, max(server_product) AS server_product, max(login_product) AS login_product,
           max(product_id) AS product_id, max(greeting_id) AS greeting_id, min(masked) AS masked,
           sum(connections) AS connections, sum(logins) AS logins, sum(refused) AS refused, sum(unanswered) AS unanswered,
           sum(bad) AS bad, sum(quoted) AS quoted, sum(quoted_let_in) AS quoted_let_in,
           sum(quoted_refused) AS quoted_refused, sum(bare) AS bare, sum(encrypted) AS encrypted, sum(not_imap) AS not_imap
    FROM pair_counts
    GROUP BY client_ip, server_ip;

CREATE VIEW findings AS
    -- A violation with everything around it; exposure is what that login exposed besides.
    SELECT v.id AS violation_id,
           strftime('%Y-%m-%dT%H:%M:%S', l.time_ns / 1000000000, 'unixepoch')
               || printf('.%06dZ', l.time_ns / 1000 % 1000000) AS time,
           p.source AS capture, l.frame,
           c.client_ip, c.client_port, c.server_ip, c.server_port, c.server_product, c.encryption,
           l.command, l.mechanism, l.username, l.username_form, l.password_form, l.exposure,
           l.result, l.response_code, l.response_text, l.refused, l.after_result, l.after_text,
           v.rule, r.severity, r.title, v.argument, v.position, v.count, v.octets,
           r.reference, r.remedy,
           l.id AS login_id, l.connection_id, l.capture_id, l.time_ns, l.tag, c.community_id, c.vlan, c.tunnel,
           -- The command as it was written, from what is kept of it: ******** is a password or a response of SASL,
           -- whatever its length. A backslash that stood in quotes and escaped nothing is not in the user name.
           CASE l.command
               WHEN 'LOGIN' THEN 'LOGIN'
                   || CASE l.username_form
                          WHEN 'quoted' THEN ' "' || CASE
                              -- an octet that is no text is written \xNN here: that backslash was not sent
                              WHEN l.username_length <> length(CAST(l.username AS BLOB)) THEN l.username
                              ELSE replace(replace(l.username, '\', '\\'), '"', '\"') END || '"'
                          WHEN 'literal' THEN ' {' || coalesce(l.username_length, '...') || '}\r\n' || coalesce(l.username, '')
                          WHEN 'literal+' THEN ' {' || coalesce(l.username_length, '...') || '+}\r\n' || coalesce(l.username, '')
                          WHEN 'literal8' THEN ' ~{' || coalesce(l.username_length, '...') || '}\r\n' || coalesce(l.username, '')
                          ELSE ' ' || coalesce(l.username, '') END
               ELSE l.command || coalesce(' ' || l.mechanism, '') END
               || CASE WHEN l.password_form IS NOT NULL OR v.argument = 'initial-response' OR v.rule = 'bad-base64'
                      THEN ' ********' ELSE '' END
               || CASE
                      WHEN v.rule = 'unquoted-wildcard' AND v.argument = 'password'
                          THEN ' (password: ' || coalesce(replace(replace(v.octets, '*%', '* and %'), '%*', '% and *'), '* or %')
                              || ' unquoted)'
                      ELSE '' END AS command_line
    FROM violations v
    JOIN rules r ON r.rule = v.rule
    JOIN judged_logins l ON l.id = v.login_id
    JOIN connections c ON c.id = l.connection_id
    JOIN captures p ON p.id = l.capture_id;

CREATE VIEW login_list AS
    -- Every login as a person reads it, one row each; cause and certainty are NULL where it did not fail.
    SELECT strftime('%Y-%m-%dT%H:%M:%S', l.time_ns / 1000000000, 'unixepoch')
               || printf('.%06dZ', l.time_ns / 1000 % 1000000) AS time,
           c.client_ip, c.client_port, c.server_ip, c.server_port, l.username,
           l.command, l.mechanism, l.username_form, l.result, k.cause, k.certainty,
           -- each rule once, though both arguments may break it
           (SELECT group_concat(b.rule, ' ')
            FROM (SELECT DISTINCT v.rule FROM violations v WHERE v.login_id = l.id ORDER BY v.rule) b) AS rules,
           l.exposure, p.source AS capture, l.frame,
           l.id AS login_id, l.connection_id, l.capture_id, l.time_ns
    FROM logins l
    JOIN connections c ON c.id = l.connection_id
    JOIN captures p ON p.id = l.capture_id
    LEFT JOIN causes k ON k.login_id = l.id;

CREATE VIEW wildcard_logins AS
    -- Logins with * or % in the user name or unquoted in the password, and how it was written: unquoted, or the form
    -- that made it legal. What a quoted password held is not kept: password_wildcard is 'unquoted' or NULL.
    SELECT strftime('%Y-%m-%dT%H:%M:%S', l.time_ns / 1000000000, 'unixepoch')
               || printf('.%06dZ', l.time_ns / 1000 % 1000000) AS time,
           p.source AS capture, l.frame,
           c.client_ip, c.client_port, c.server_ip, c.server_port, c.server_product,
           l.command, l.username, l.username_form, l.password_form,
           CASE
               WHEN EXISTS (SELECT 1 FROM violations v WHERE v.login_id = l.id AND v.rule = 'unquoted-wildcard'
                            AND v.argument = 'username') THEN 'unquoted'
               WHEN l.wildcard_quoted THEN l.username_form
           END AS username_wildcard,
           CASE
               WHEN EXISTS (SELECT 1 FROM violations v WHERE v.login_id = l.id AND v.rule = 'unquoted-wildcard'
                            AND v.argument = 'password') THEN 'unquoted'
           END AS password_wildcard,
           l.result, l.response_code, l.response_text, l.refused, l.after_result, l.after_text,
           (SELECT k.cause FROM causes k WHERE k.login_id = l.id) AS cause,
           l.id AS login_id, l.connection_id, l.capture_id, l.time_ns
    FROM judged_logins l
    JOIN connections c ON c.id = l.connection_id
    JOIN captures p ON p.id = l.capture_id
    WHERE l.wildcard_unquoted OR l.wildcard_quoted;

CREATE VIEW senders AS
    -- Who sends logins to whom, and whether wildcards are quoted.
    -- All logins are only counted; those of note are found in indexes that are small.
    WITH unquoted AS (
             SELECT client_ip, server_ip, count(*) AS logins, sum(refused IS 1) AS refused,
                    count(DISTINCT CASE WHEN refused THEN username END) AS users_refused, max(time_ns) AS last_ns
             FROM (SELECT c.client_ip, c.server_ip, l.username, l.refused, l.time_ns
                   FROM (SELECT DISTINCT login_id FROM violations
                         WHERE rule = 'unquoted-wildcard'
                           AND (argument = 'username' OR argument = 'password')) v
                   CROSS JOIN judged_logins l ON l.id = v.login_id
                   CROSS JOIN connections c ON c.id = l.connection_id
                   LIMIT -1) -- keeps SQLite from judging a login again for each sum above
             GROUP BY client_ip, server_ip),
         refused AS (
             SELECT c.client_ip, c.server_ip, count(DISTINCT l.username) AS users
             FROM judged_logins l
             CROSS JOIN connections c ON c.id = l.connection_id
             WHERE (l.result IS NOT 'OK' OR l.after_result = 'BAD' OR l.after_result = 'NO' OR l.incomplete) AND l.refused
             GROUP BY c.client_ip, c.server_ip)
    SELECT c.client_ip, c.server_ip, c.login_product AS server_product, c.logins,
           coalesce(u.logins, 0) AS wildcard_unquoted, -- logins with one in the user name or the password
           c.quoted AS wildcard_quoted, -- logins with one in a quoted or literal user name
           c.refused,
           coalesce(u.refused, 0) AS wildcard_refused, -- unquoted and refused
           c.unanswered, -- no verdict was seen
           -- looked for only when it is asked for
           coalesce((SELECT r.users FROM refused r WHERE r.client_ip = c.client_ip AND r.server_ip = c.server_ip), 0)
               AS users_refused,
           coalesce(u.users_refused, 0) AS wildcard_users_refused,
           CASE
               WHEN u.logins > 0 AND c.quoted > 0 THEN 'mixed'
               -- of a masked name it is not known whether it holds a wildcard
               WHEN u.logins > 0 AND c.masked THEN 'unquoted'
               WHEN u.logins > 0 THEN 'never quotes'
               WHEN c.quoted > 0 THEN 'quotes'
               WHEN c.masked THEN 'not known'
               ELSE 'not tried'
           END AS verdict,
           u.last_ns AS last_unquoted_ns, -- the last login with an unquoted one
           -- the first login behind it with a quoted one; looked for only when it is asked for
           CASE
               WHEN u.logins > 0 AND c.quoted > 0
                   THEN (SELECT min(l.time_ns)
                         FROM connections o
                         CROSS JOIN judged_logins l ON l.connection_id = o.id
                         WHERE o.client_ip = c.client_ip AND o.server_ip = c.server_ip AND l.time_ns > u.last_ns
                           AND l.wildcard_quoted)
           END AS quoted_since_ns
    FROM pair_totals c
    LEFT JOIN unquoted u ON u.client_ip = c.client_ip AND u.server_ip = c.server_ip
    WHERE c.logins > 0;

CREATE VIEW affected_users AS
    -- Users whose logins broke a rule and were refused for it, or for a reason that is not known, a row a user and server;
    -- how sure that is; and whether the same user got in there with a login that broke none. Who was refused for another
    -- reason is not among them.
    SELECT b.username, b.server_ip, max(b.server_product) AS server_product,
           count(DISTINCT b.login_id) AS refused, -- logins that broke a rule and were refused
           CASE max(b.weight) WHEN 2 THEN 'proved' WHEN 1 THEN 'likely' ELSE 'unknown' END AS certainty,
           group_concat(DISTINCT b.client_ip) AS clients,
           group_concat(DISTINCT b.rule) AS rules,
           strftime('%Y-%m-%dT%H:%M:%S', min(b.time_ns) / 1000000000, 'unixepoch')
               || printf('.%06dZ', min(b.time_ns) / 1000 % 1000000) AS first_time,
           strftime('%Y-%m-%dT%H:%M:%S', max(b.time_ns) / 1000000000, 'unixepoch')
               || printf('.%06dZ', max(b.time_ns) / 1000 % 1000000) AS last_time,
           CASE WHEN g.username IS NULL THEN 'no' ELSE 'yes' END AS got_in,
           g.forms AS got_in_by -- how the user name was written then
    FROM (SELECT l.id AS login_id, l.username, l.time_ns, v.rule, c.client_ip, c.server_ip, c.server_product,
                 CASE k.certainty WHEN 'proved' THEN 2 WHEN 'likely' THEN 1 ELSE 0 END AS weight
          FROM causes k
          CROSS JOIN judged_logins l ON l.id = k.login_id
          CROSS JOIN violations v ON v.login_id = l.id
          CROSS JOIN connections c ON c.id = l.connection_id
          WHERE l.refused AND l.username IS NOT NULL
            AND (k.cause = 'unknown' OR k.cause = 'syntax' AND instr(',' || k.rule || ',', ',' || v.rule || ',') > 0)) b
    LEFT JOIN (SELECT l.username, c.server_ip, group_concat(DISTINCT l.username_form) AS forms
               FROM refused_users_logins u
               CROSS JOIN judged_logins l ON l.id = u.login_id
               CROSS JOIN connections c ON c.id = l.connection_id
               WHERE l.refused = 0
                 AND NOT EXISTS (SELECT 1 FROM violations v WHERE v.login_id = l.id)
               GROUP BY l.username, c.server_ip) g
        ON g.username = b.username AND g.server_ip = b.server_ip
    GROUP BY b.username, b.server_ip;

CREATE VIEW no_login_reasons AS
    -- What the words of connections.no_login mean; known: 1 when the reason was seen, 0 when a login may only have been
    -- missed; remedy: what to do.
    SELECT column1 AS no_login, column2 AS known, column3 AS meaning, column4 AS remedy
    FROM (VALUES
        ('bye-greeting', 1, 'The server said BYE in place of a greeting',
         'Do what its words ask for, or look into its log'),
        ('login-disabled', 1, 'The server forbids logins without TLS (LOGINDISABLED), and the client left without STARTTLS',
         'Switch TLS or STARTTLS on in the client'),
        ('starttls-refused', 1, 'The server refused STARTTLS, and the client left',
         'Look whether the server has a certificate and STARTTLS switched on'),
        ('starttls-untagged', 1, 'The client sent STARTTLS without a tag, which no server understands',
         'The client must send a tag before STARTTLS'),
        ('starttls-unanswered', 1, 'The server did not answer STARTTLS',
         'Look at what stands between the two, and into the log of the server'),
        ('starttls-abandoned', 1, 'The server accepted STARTTLS, and the client began no TLS',
         'Look into the log of the client'),
        ('tls-on-plain-port', 1, 'The client spoke TLS to a port where the server speaks plain text',
         'The client must use STARTTLS there, or the port for TLS (993)'),
        ('plain-on-tls-port', 1, 'The client spoke plain text to a port where the server speaks TLS',
         'The client must use TLS there, or the port for plain text and STARTTLS (143)'),
        ('tls-alert', 1, 'The TLS handshake was broken off by an alert',
         'Who sent the alert did not accept the other: its certificate, versions or ciphers'),
        ('tls-unanswered', 1, 'The server did not answer the TLS handshake',
         'Look whether the port speaks TLS from the start'),
        ('server-silent', 1, 'The server never said anything, not even a greeting',
         'Look whether the service behind the port runs'),
        ('client-silent', 1, 'The client said nothing behind the greeting: a check of the service, say', NULL),
        ('nothing-sent', 1, 'The connection was opened, and neither side sent anything', NULL),
        ('reset', 1, 'The connection was reset',
         'Look at the firewall between the two, and into the log of the server'),
        ('client-left', 1, 'The client left without a login',
         'Look into the log of the client'),
        ('server-left', 1, 'The server closed the connection',
         'Look into the log of the server'),
        ('encrypted', 0, 'TLS: a login in it cannot be seen', NULL),
        ('preauth', 0, 'The server took the client for logged in (PREAUTH)', NULL),
        ('midstream', 0, 'Its beginning was not captured, where a login may have been',
         'Capture from before the connections begin'),
        ('one-sided', 0, 'Only one direction was captured',
         'Capture both directions'),
        ('lost-octets', 0, 'Octets were never captured, among which a login may have been',
         'Capture whole frames, and without drops'),
        ('unfinished', 0, 'The capture ended, or nothing more came, before a login',
         'Capture longer'));
