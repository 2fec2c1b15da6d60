-- What is asked most, as views on the tables of schema.sql, made right after them; judgement.sql comes next.
--
-- Times are ISO 8601 text in UTC. Nothing but views stands here and in judgement.sql: a query of a part of the database
-- makes them all anew, over that part.

CREATE VIEW judged_logins AS
    -- Every login with three judgements: refused (NULL: no verdict was seen), and whether a wildcard was sent
    -- unquoted, or properly quoted (or as a literal) in the user name. What a quoted password held is not known.
    -- An Exchange server can accept a login and then refuse the mailbox: that counts as refused.
    SELECT l.*,
           CASE
               WHEN l.result IS NULL THEN NULL
               WHEN l.result <> 'OK' THEN 1
               WHEN l.after_result = 'BAD' AND instr(l.after_text, 'authenticated but not connected') > 0 THEN 1
               ELSE 0
           END AS refused,
           -- NOT IN lets SQLite use violations_of_grammar, which is small
           l.id IN (SELECT v.login_id FROM violations v
                    WHERE v.rule NOT IN ('cleartext-password', 'guessable-exchange') AND v.rule = 'unquoted-wildcard'
                      AND (v.argument = 'username' OR v.argument = 'password')) AS wildcard_unquoted,
           -- most names hold neither: that is asked first
           CASE
               WHEN instr(l.username, '*') > 0 OR instr(l.username, '%') > 0
                   THEN coalesce(l.username_form = 'quoted' OR l.username_form = 'literal' OR l.username_form = 'literal+'
                                 OR l.username_form = 'literal8', 0)
               ELSE 0
           END AS wildcard_quoted
    FROM logins l;

CREATE VIEW findings AS
    -- A violation with everything around it.
    SELECT v.id AS violation_id,
           strftime('%Y-%m-%dT%H:%M:%S', l.time_ns / 1000000000, 'unixepoch')
               || printf('.%06dZ', l.time_ns / 1000 % 1000000) AS time,
           p.source AS capture, l.frame,
           c.client_ip, c.client_port, c.server_ip, c.server_port, c.server_product, c.encryption,
           l.command, l.mechanism, l.username, l.username_form, l.password_form,
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
           l.id AS login_id, l.connection_id, l.capture_id, l.time_ns
    FROM judged_logins l
    JOIN connections c ON c.id = l.connection_id
    JOIN captures p ON p.id = l.capture_id
    WHERE l.wildcard_unquoted OR l.wildcard_quoted;

CREATE VIEW senders AS
    -- Who sends logins to whom, and whether wildcards are quoted.
    -- All logins are only counted, for grouping costs what is carried along; few are refused, or hold a wildcard.
    -- Both addresses are one text, because all logins are sorted by it: one text compares faster than two.
    WITH counted AS (
             SELECT c.client_ip || ' ' || c.server_ip AS pair, max(c.server_product) AS server_product, count(*) AS logins
             FROM logins l
             CROSS JOIN connections c ON c.id = l.connection_id
             GROUP BY 1),
         -- each is found in an index that is small, or by what is compared fastest
         noted AS (
             SELECT id FROM logins WHERE result IS NOT 'OK' OR after_result = 'BAD' OR incomplete
             UNION
             SELECT login_id FROM violations
             WHERE rule NOT IN ('cleartext-password', 'guessable-exchange') AND rule = 'unquoted-wildcard'
             UNION
             SELECT id FROM logins WHERE instr(username, '*') > 0 OR instr(username, '%') > 0),
         notable AS (
             SELECT pair, sum(wildcard_unquoted) AS wildcard_unquoted,
                    sum(wildcard_quoted) AS wildcard_quoted, sum(refused IS 1) AS refused,
                    sum(wildcard_unquoted AND refused IS 1) AS wildcard_refused, sum(refused IS NULL) AS unanswered,
                    count(DISTINCT CASE WHEN refused THEN username END) AS users_refused,
                    count(DISTINCT CASE WHEN refused AND wildcard_unquoted THEN username END) AS wildcard_users_refused
             FROM (SELECT c.client_ip || ' ' || c.server_ip AS pair, l.username, l.refused, l.wildcard_unquoted,
                          l.wildcard_quoted
                   FROM noted n
                   CROSS JOIN judged_logins l ON l.id = n.id
                   CROSS JOIN connections c ON c.id = l.connection_id
                   LIMIT -1) -- keeps SQLite from judging a login anew for each sum above
             GROUP BY pair)
    SELECT substr(c.pair, 1, instr(c.pair, ' ') - 1) AS client_ip, substr(c.pair, instr(c.pair, ' ') + 1) AS server_ip,
           c.server_product, c.logins,
           coalesce(n.wildcard_unquoted, 0) AS wildcard_unquoted, -- logins with one in the user name or the password
           coalesce(n.wildcard_quoted, 0) AS wildcard_quoted, -- logins with one in a quoted or literal user name
           coalesce(n.refused, 0) AS refused,
           coalesce(n.wildcard_refused, 0) AS wildcard_refused, -- unquoted and refused
           coalesce(n.unanswered, 0) AS unanswered, -- no verdict was seen
           coalesce(n.users_refused, 0) AS users_refused,
           coalesce(n.wildcard_users_refused, 0) AS wildcard_users_refused,
           CASE
               WHEN n.wildcard_unquoted > 0 AND n.wildcard_quoted > 0 THEN 'mixed'
               WHEN n.wildcard_unquoted > 0 THEN 'never quotes'
               WHEN n.wildcard_quoted > 0 THEN 'quotes'
               ELSE 'not tried'
           END AS verdict
    FROM counted c
    LEFT JOIN notable n ON n.pair = c.pair;

CREATE VIEW affected_users AS
    -- Users whose logins broke a rule and were refused, a row a user and server, and whether the same user got in there
    -- with a login that broke none. Rules that only tell of exposure do not count.
    SELECT b.username, b.server_ip, max(b.server_product) AS server_product,
           count(DISTINCT b.login_id) AS refused, -- logins that broke a rule and were refused
           group_concat(DISTINCT b.client_ip) AS clients,
           group_concat(DISTINCT b.rule) AS rules,
           strftime('%Y-%m-%dT%H:%M:%S', min(b.time_ns) / 1000000000, 'unixepoch')
               || printf('.%06dZ', min(b.time_ns) / 1000 % 1000000) AS first_time,
           strftime('%Y-%m-%dT%H:%M:%S', max(b.time_ns) / 1000000000, 'unixepoch')
               || printf('.%06dZ', max(b.time_ns) / 1000 % 1000000) AS last_time,
           CASE WHEN g.username IS NULL THEN 'no' ELSE 'yes' END AS got_in,
           g.forms AS got_in_by -- how the user name was written then
    FROM (SELECT l.id AS login_id, l.username, l.time_ns, v.rule, c.client_ip, c.server_ip, c.server_product
          FROM judged_logins l
          JOIN violations v ON v.login_id = l.id
          JOIN connections c ON c.id = l.connection_id
          WHERE l.refused AND l.username IS NOT NULL
            AND v.rule NOT IN ('cleartext-password', 'guessable-exchange')) b
    LEFT JOIN (SELECT l.username, c.server_ip, group_concat(DISTINCT l.username_form) AS forms
               FROM judged_logins l
               JOIN connections c ON c.id = l.connection_id
               WHERE l.refused = 0 AND l.username IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM violations v WHERE v.login_id = l.id
                                 AND v.rule NOT IN ('cleartext-password', 'guessable-exchange'))
               GROUP BY l.username, c.server_ip) g
        ON g.username = b.username AND g.server_ip = b.server_ip
    GROUP BY b.username, b.server_ip;
