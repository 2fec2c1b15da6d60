-- Who is at fault: the two legs of a proxy, a verdict for each finding, and one sentence for each client and server.
--
-- Views only, made right after views.sql. They compare user names, forms and verdicts, so that they work with masked
-- user names too; that DOMAIN\user and user are the same person is not guessed. What a login exposed
-- (logins.exposure) plays no part: no server refuses a login for it.
-- LIMIT -1 keeps SQLite from working out a subquery anew for each use.

CREATE VIEW proxy_legs AS
    -- What a proxy, a host that is both server and client, can have passed on: each login that it sent, with the latest
    -- login before it that it received for the same user. That they belong together is judged by proxied.
    -- CROSS JOIN looks up the logins of the proxies' connections, instead of the connection of every login. The view
    -- verdicts looks for some users' legs in the same way: it has their logins already.
    WITH proxies AS (
             SELECT DISTINCT client_ip AS ip FROM connections
             WHERE client_ip IN (SELECT DISTINCT server_ip FROM connections)
             LIMIT -1),
         sides AS (
             SELECT id, client_ip, server_ip, client_ip IN (SELECT ip FROM proxies) AS outbound,
                    server_ip IN (SELECT ip FROM proxies) AS inbound
             FROM connections
             WHERE client_ip IN (SELECT ip FROM proxies) OR server_ip IN (SELECT ip FROM proxies)
             LIMIT -1),
         legs AS (
             SELECT l.id, l.username, l.time_ns, l.capture_id, l.frame,
                    CASE WHEN d.outbound THEN s.client_ip ELSE s.server_ip END AS proxy_ip, d.outbound
             FROM sides s
             CROSS JOIN logins l ON l.connection_id = s.id
             CROSS JOIN (SELECT 1 AS outbound UNION ALL SELECT 0) d
             WHERE CASE WHEN d.outbound THEN s.outbound ELSE s.inbound AND l.username <> '' END)
    SELECT id AS outbound_id, CAST(substr(latest, 62) AS INTEGER) AS inbound_id
    FROM (SELECT id, outbound,
                 -- place and row of the latest inbound login so far; a login is not its own
                 max(CASE WHEN NOT outbound
                         THEN printf('%d%020d%020d%020d', time_ns >= 0, time_ns & 9223372036854775807, capture_id, frame)
                             || printf('%020d', id)
                     END)
                     OVER (PARTITION BY username, proxy_ip
                           ORDER BY time_ns, capture_id, frame, outbound DESC, id
                           ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS latest
          FROM legs)
    WHERE outbound AND latest IS NOT NULL;

CREATE VIEW proxied AS
    -- The two legs of a proxy: a user logs in to a host, and that host logs in elsewhere as the same user.
    -- The outbound login begins at most 10 s after the inbound one (a proxy connects at once; a slow lookup or a first
    -- server that does not answer takes some seconds), or later if the inbound one still waits for its verdict. One that
    -- was refused before (its literals, which take a round trip each, do not count) is not passed on. An outbound login
    -- has at most one inbound: the latest; a proxy that tries several servers has an outbound login for each.
    -- On one host (loopback), the outbound login must lie within the inbound one. The proxy must have one address on both
    -- sides, and its clients must not be encrypted: other legs are not seen.
    SELECT i.id AS inbound_login_id, o.id AS outbound_login_id, o.username,
           ci.client_ip, ci.server_ip AS proxy_ip, ci.server_product AS proxy_product,
           co.server_ip, co.server_port, co.server_product,
           i.username_form AS username_form_in, o.username_form AS username_form_out,
           i.password_form AS password_form_in, o.password_form AS password_form_out,
           (SELECT group_concat(v.rule || ' (' || v.argument || ')', ', ') FROM violations v
            WHERE v.login_id = i.id) AS rules_in,
           (SELECT group_concat(v.rule || ' (' || v.argument || ')', ', ') FROM violations v
            WHERE v.login_id = o.id) AS rules_out,
           i.result AS result_in, o.result AS result_out,
           (o.time_ns - i.time_ns) / 1000000.0 AS delay_ms, -- from one command's first octet to the other's
           strftime('%Y-%m-%dT%H:%M:%S', i.time_ns / 1000000000, 'unixepoch')
               || printf('.%06dZ', i.time_ns / 1000 % 1000000) AS time,
           i.time_ns
    -- in the order of the rows, so that those around them are read one after the other
    FROM (SELECT outbound_id, inbound_id FROM proxy_legs ORDER BY outbound_id LIMIT -1) p
    JOIN logins o ON o.id = p.outbound_id
    JOIN connections co ON co.id = o.connection_id
    JOIN logins i ON i.id = p.inbound_id
    JOIN connections ci ON ci.id = i.connection_id
    WHERE (o.time_ns - i.time_ns <= 10000000000 OR o.time_ns - i.time_ns <= i.latency_ns)
      AND NOT (coalesce(i.result, 'OK') <> 'OK' AND i.command = 'LOGIN' AND o.time_ns - i.time_ns > i.latency_ns
               AND coalesce(i.username_form, '') NOT LIKE 'literal%' AND coalesce(i.password_form, '') NOT LIKE 'literal%')
      AND (co.server_ip <> ci.server_ip OR co.server_port <> ci.server_port)
      AND (ci.client_ip <> ci.server_ip OR i.result IS NULL OR o.time_ns - i.time_ns <= i.latency_ns);

CREATE VIEW verdicts AS
    -- What each violation had to do with the server's answer:
    -- proved: refused, and the same client got the same user in there when the argument was quoted, a literal or in SASL
    --   (accepted_login_id: it broke no rule), or a proxy had received it so (inbound_login_id); or LOGIN had been disabled;
    -- likely: BAD (unless this sender's clean logins got it too), or refused without a code that explains it while clean
    --   logins of this sender pass; and not when the server takes the same from others;
    -- tolerated: accepted; a strict server will refuse it;
    -- unrelated: the server gave another reason;
    -- unknown: no verdict was seen, or it proves nothing. Dovecot by default refuses *, % and \ in user names however they
    --   are quoted, so its NO proves nothing; nor does any server's that took the same from the same user.
    WITH broken AS (
             SELECT v.id AS violation_id, v.login_id, v.rule, v.argument, coalesce(v.octets, '') AS octets,
                    l.username, l.username_form, l.password_form, l.result, l.refused, c.client_ip, c.server_ip,
                    upper(substr(l.response_code || ' ', 1, instr(l.response_code || ' ', ' ') - 1)) AS code,
                    (coalesce(c.server_product, '') LIKE 'Dovecot%' OR coalesce(c.server_ident, '') LIKE '%dovecot%') AS dovecot
             FROM violations v
             JOIN judged_logins l ON l.id = v.login_id
             JOIN connections c ON c.id = l.connection_id
             ORDER BY v.id -- in which they were found
             LIMIT -1),
         -- all logins of the users that were refused
         theirs AS (
             SELECT l.id, l.username, l.password_form, l.refused, l.time_ns, l.capture_id, l.frame, c.client_ip, c.server_ip
             FROM refused_users_logins u
             CROSS JOIN judged_logins l ON l.id = u.login_id
             CROSS JOIN connections c ON c.id = l.connection_id
             LIMIT -1),
         -- the same users, let in by the same server for the same client
         good AS (
             SELECT client_ip, server_ip, username, min(id) AS id, min(CASE WHEN password_form <> 'atom' THEN id END) AS password_id
             FROM theirs t
             WHERE refused = 0
               AND NOT EXISTS (SELECT 1 FROM violations v WHERE v.login_id = t.id)
             GROUP BY client_ip, server_ip, username),
         -- how the senders' logins that break nothing fare: all of theirs, without those that break something
         clean AS (
             SELECT p.client_ip, p.server_ip, p.passed - coalesce(b.passed, 0) AS passed, p.bad - coalesce(b.bad, 0) AS bad
             FROM (SELECT client_ip, server_ip, logins - refused - unanswered AS passed, bad
                   FROM pair_totals
                   WHERE (client_ip, server_ip) IN (SELECT client_ip, server_ip FROM broken WHERE refused)) p
             LEFT JOIN (SELECT client_ip, server_ip, sum(refused IS 0) AS passed, sum(result IS 'BAD') AS bad
                        FROM (SELECT client_ip, server_ip, refused, result FROM broken GROUP BY login_id)
                        GROUP BY client_ip, server_ip) b ON b.client_ip = p.client_ip AND b.server_ip = p.server_ip),
         lenient AS (
             SELECT DISTINCT server_ip, rule, argument, octets FROM broken WHERE refused = 0),
         lenient_user AS (
             SELECT DISTINCT server_ip, username, rule, argument FROM broken WHERE refused = 0),
         disabled AS (
             SELECT login_id FROM broken WHERE rule = 'login-disabled'),
         -- what a proxy received of what it sent bare: found as the views proxy_legs and proxied do, among these users' logins alone
         ends AS (
             SELECT id, username, time_ns, capture_id, frame, client_ip AS proxy_ip, 1 AS outbound
             FROM theirs
             WHERE id IN (SELECT login_id FROM broken WHERE refused AND (username_form = 'atom' OR password_form = 'atom'))
             UNION ALL
             SELECT id, username, time_ns, capture_id, frame, server_ip, 0
             FROM theirs
             WHERE server_ip IN (SELECT client_ip FROM broken WHERE refused) AND username <> ''),
         pairs AS (
             SELECT id AS outbound_id, outbound,
                    max(CASE WHEN NOT outbound
                            THEN printf('%d%020d%020d%020d', time_ns >= 0, time_ns & 9223372036854775807, capture_id, frame)
                                || printf('%020d', id)
                        END)
                        OVER (PARTITION BY username, proxy_ip
                              ORDER BY time_ns, capture_id, frame, outbound DESC, id
                              ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS latest
             FROM ends),
         legs AS (
             SELECT o.id AS outbound_login_id, i.id AS inbound_login_id, i.username_form AS username_form_in,
                    i.password_form AS password_form_in
             FROM (SELECT outbound_id, CAST(substr(latest, 62) AS INTEGER) AS inbound_id FROM pairs
                   WHERE outbound AND latest IS NOT NULL LIMIT -1) p
             JOIN logins o ON o.id = p.outbound_id
             JOIN connections co ON co.id = o.connection_id
             JOIN logins i ON i.id = p.inbound_id
             JOIN connections ci ON ci.id = i.connection_id
             WHERE (o.time_ns - i.time_ns <= 10000000000 OR o.time_ns - i.time_ns <= i.latency_ns)
               AND NOT (coalesce(i.result, 'OK') <> 'OK' AND i.command = 'LOGIN' AND o.time_ns - i.time_ns > i.latency_ns
                        AND coalesce(i.username_form, '') NOT LIKE 'literal%'
                        AND coalesce(i.password_form, '') NOT LIKE 'literal%')
               AND (co.server_ip <> ci.server_ip OR co.server_port <> ci.server_port)
               AND (ci.client_ip <> ci.server_ip OR i.result IS NULL OR o.time_ns - i.time_ns <= i.latency_ns)
             LIMIT -1),
         compared AS (
             SELECT b.*, lenient.server_ip IS NOT NULL AS lenient, lenient_user.server_ip IS NOT NULL AS lenient_user,
                    coalesce(clean.passed, 0) AS clean_passed, coalesce(clean.bad, 0) AS clean_bad,
                    -- another password may need no quotes: a bare one proves nothing
                    CASE b.argument WHEN 'password' THEN good.password_id ELSE good.id END AS accepted_login_id,
                    CASE
                        WHEN b.argument = 'username' AND b.username_form = 'atom' AND legs.username_form_in <> 'atom'
                            OR b.argument = 'password' AND b.password_form = 'atom' AND legs.password_form_in <> 'atom'
                            THEN legs.inbound_login_id
                    END AS inbound_login_id
             FROM broken b
             LEFT JOIN good ON good.client_ip = b.client_ip AND good.server_ip = b.server_ip AND good.username = b.username
             LEFT JOIN clean ON clean.client_ip = b.client_ip AND clean.server_ip = b.server_ip
             LEFT JOIN lenient ON lenient.server_ip = b.server_ip AND lenient.rule = b.rule
                 AND lenient.argument = b.argument AND lenient.octets = b.octets
             LEFT JOIN lenient_user ON lenient_user.server_ip = b.server_ip AND lenient_user.username = b.username
                 AND lenient_user.rule = b.rule AND lenient_user.argument = b.argument
             LEFT JOIN legs ON legs.outbound_login_id = b.login_id)
    SELECT violation_id, login_id, client_ip, server_ip, username, rule, argument, refused, dovecot, clean_passed,
           CASE
               WHEN refused IS NULL THEN 'unknown'
               WHEN refused = 0 THEN 'tolerated'
               WHEN rule = 'login-disabled' THEN 'proved'
               WHEN code IN ('UNAVAILABLE', 'EXPIRED', 'LIMIT', 'PRIVACYREQUIRED', 'CONTACTADMIN', 'INUSE', 'SERVERBUG',
                             'AUTHORIZATIONFAILED', 'NOPERM', 'OVERQUOTA', 'CORRUPTION', 'WEBALERT', 'THROTTLED',
                             'REFERRAL')
                   OR login_id IN (SELECT login_id FROM disabled) THEN 'unrelated'
               WHEN result <> 'BAD' AND dovecot THEN 'unknown'
               WHEN lenient_user THEN 'unknown'
               WHEN accepted_login_id IS NOT NULL OR inbound_login_id IS NOT NULL
                   THEN CASE WHEN result = 'BAD' OR NOT lenient THEN 'proved' ELSE 'likely' END
               WHEN lenient THEN 'unknown'
               WHEN result = 'BAD' AND (clean_passed > 0 OR clean_bad = 0) THEN 'likely'
               WHEN result IN ('NO', 'BYE') AND clean_passed > 0 AND coalesce(code, '') <> 'AUTHENTICATIONFAILED' THEN 'likely'
               ELSE 'unknown'
           END AS verdict,
           CASE WHEN refused THEN accepted_login_id END AS accepted_login_id,
           CASE WHEN refused THEN inbound_login_id END AS inbound_login_id
    FROM compared;

CREATE VIEW judged_findings AS
    -- A finding with its verdict, and the login that proves it: the same user let in, or the proxy's inbound leg.
    SELECT f.*, j.verdict, j.accepted_login_id, j.inbound_login_id
    FROM verdicts j
    JOIN findings f ON f.violation_id = j.violation_id;

CREATE VIEW diagnosis AS
    -- One sentence for each client and server, and the verdict that weighs most: proved, likely, tolerated, unknown or
    -- unrelated as in verdicts; 'no finding': logins were seen and broke no rule; 'not seen': there was none to judge.
    -- As in senders, all logins are only counted.
    WITH pairs AS (
             SELECT client_ip, server_ip, server_product, connections, encrypted, not_imap, nullif(logins, 0) AS logins,
                    refused, unanswered, quoted, quoted_let_in, quoted_refused, bare, masked
             FROM pair_totals
             LIMIT -1),
         -- the first condition is that of the index logins_of_note
         refused AS (
             SELECT c.client_ip, c.server_ip, count(DISTINCT l.username) AS users
             FROM judged_logins l
             CROSS JOIN connections c ON c.id = l.connection_id
             WHERE (l.result IS NOT 'OK' OR l.after_result = 'BAD' OR l.incomplete) AND l.refused
             GROUP BY c.client_ip, c.server_ip),
         judged AS (SELECT * FROM verdicts LIMIT -1),
         -- each login that broke rules: of the wildcards (w), or only others; it weighs what its worst violation does
         broken AS (
             SELECT client_ip, server_ip, login_id, username, max(rule = 'unquoted-wildcard') AS w,
                    max(CASE verdict WHEN 'proved' THEN 5 WHEN 'likely' THEN 4 WHEN 'tolerated' THEN 3
                            WHEN 'unknown' THEN 2 ELSE 1 END) AS weight,
                    max(refused) AS refused, max(dovecot) AS dovecot, max(clean_passed) AS clean_passed,
                    max(CASE WHEN verdict = 'proved' THEN inbound_login_id END) AS inbound_login_id
             FROM judged
             GROUP BY login_id
             LIMIT -1),
         rules_broken AS (
             SELECT client_ip, server_ip, group_concat(DISTINCT rule) AS rules
             FROM judged
             WHERE rule <> 'unquoted-wildcard'
             GROUP BY client_ip, server_ip),
         found AS (
             SELECT b.client_ip, b.server_ip, max(b.weight) AS weight, max(b.dovecot) AS dovecot,
                    max(b.clean_passed) AS clean_passed, sum(b.w) AS w,
                    sum(b.w AND b.inbound_login_id IS NOT NULL) AS w_legs,
                    count(DISTINCT CASE WHEN b.w AND b.inbound_login_id IS NOT NULL THEN b.username END) AS w_leg_users,
                    group_concat(DISTINCT CASE WHEN b.w THEN i.username_form END) AS w_leg_forms,
                    sum(b.w AND b.weight = 5) AS w_proved, sum(b.w AND b.weight = 4) AS w_likely,
                    sum(b.w AND b.weight = 3) AS w_tolerated, sum(b.w AND b.weight = 2 AND b.refused IS 1) AS w_unknown,
                    sum(b.w AND b.weight = 1) AS w_unrelated,
                    sum(b.w AND b.refused IS 1) AS w_refused,
                    sum(NOT b.w AND b.weight = 5) AS o_proved, sum(NOT b.w AND b.weight = 4) AS o_likely,
                    sum(NOT b.w AND b.weight = 3) AS o_tolerated,
                    sum(NOT b.w AND b.weight = 2 AND b.refused IS 1) AS o_unknown,
                    sum(NOT b.w AND b.weight = 1) AS o_unrelated, sum(NOT b.w AND b.refused IS NULL) AS o_unanswered
             FROM broken b
             LEFT JOIN logins i ON i.id = b.inbound_login_id
             GROUP BY b.client_ip, b.server_ip),
         -- clients whose logins a proxy spoiled
         spoiled AS (
             SELECT c.client_ip, c.server_ip, count(DISTINCT i.id) AS logins, group_concat(DISTINCT b.server_ip) AS behind
             FROM broken b
             JOIN logins i ON i.id = b.inbound_login_id
             JOIN connections c ON c.id = i.connection_id
             WHERE i.result IS NOT 'OK'
             GROUP BY c.client_ip, c.server_ip),
         told AS (
             SELECT p.client_ip, p.server_ip, p.server_product, p.client_ip AS sender,
                    p.server_ip || coalesce(' (' || p.server_product || ')', '') AS server,
                    p.connections, p.encrypted, p.not_imap, p.logins, p.refused, p.unanswered, p.quoted, p.quoted_let_in,
                    p.quoted_refused, p.bare, p.masked, f.weight, f.dovecot,
                    f.clean_passed, f.w, f.w_legs, f.w_leg_users, f.w_leg_forms, f.w_proved, f.w_likely, f.w_tolerated, f.w_unknown, f.w_unrelated, f.w_refused, f.o_proved, f.o_likely,
                    f.o_tolerated, f.o_unknown, f.o_unrelated, f.o_unanswered,
                    s.logins AS spoiled, s.behind, r.rules, own.product AS own_product
             FROM pairs p
             LEFT JOIN found f ON f.client_ip = p.client_ip AND f.server_ip = p.server_ip
             LEFT JOIN rules_broken r ON r.client_ip = p.client_ip AND r.server_ip = p.server_ip
             LEFT JOIN spoiled s ON s.client_ip = p.client_ip AND s.server_ip = p.server_ip
             LEFT JOIN (SELECT server_ip, max(server_product) AS product FROM pairs GROUP BY server_ip) own
                 ON own.server_ip = p.client_ip)
    SELECT client_ip, server_ip, server_product,
           CASE
               WHEN logins IS NULL THEN 'not seen'
               WHEN weight IS NULL THEN 'no finding'
               ELSE CASE weight WHEN 5 THEN 'proved' WHEN 4 THEN 'likely' WHEN 3 THEN 'tolerated' WHEN 2 THEN 'unknown'
                        ELSE 'unrelated' END
           END AS verdict,
           coalesce(logins, 0) AS logins, refused,
           -- looked for only when it is asked for
           coalesce((SELECT r.users FROM refused r WHERE r.client_ip = told.client_ip AND r.server_ip = told.server_ip), 0)
               AS users_refused,
           CASE
               WHEN logins IS NULL
                   THEN 'No login was seen from ' || sender || ' to ' || server
                       || CASE
                              WHEN not_imap = connections AND connections = 1 THEN ': what the connection carried was no IMAP.'
                              WHEN not_imap = connections
                                  THEN ': what the ' || connections || ' connections carried was no IMAP.'
                              WHEN encrypted = connections AND connections = 1 THEN ': the connection was encrypted.'
                              WHEN encrypted = connections THEN ': all ' || connections || ' connections were encrypted.'
                              ELSE ' on ' || connections || CASE connections WHEN 1 THEN ' connection' ELSE ' connections' END
                                  || CASE WHEN encrypted > 0 THEN ', ' || encrypted || ' of them encrypted.' ELSE '.' END
                          END
               WHEN w_legs > 0
                   THEN sender || ' received the credentials of '
                       || CASE w_leg_users WHEN 1 THEN '1 user ' ELSE w_leg_users || ' users ' END
                       || CASE w_leg_forms WHEN 'quoted' THEN 'quoted' ELSE 'properly written' END || ', passed them on to '
                       || server || ' with * or % unquoted, and was refused: ' || sender || ' must quote them.'
               WHEN w_proved > 0
                   THEN server || ' refused ' || CASE w_proved WHEN 1 THEN '1 login' ELSE w_proved || ' logins' END
                       || ' with * or % unquoted, and let ' || CASE w_proved WHEN 1 THEN 'its user' ELSE 'their users' END
                       || ' in when ' || sender
                       || ' sent the argument quoted, as a literal or in SASL: ' || sender || ' must quote it.'
               WHEN w_likely > 0
                   THEN server || ' refused ' || CASE w_likely WHEN 1 THEN '1 login' ELSE w_likely || ' logins' END || ' of '
                       || sender || ' with * or % unquoted'
                       || CASE WHEN clean_passed > 0 THEN ', while others of it passed' ELSE '' END
                       || ': the missing quotes are likely the reason.'
               WHEN w_tolerated > 0
                   THEN sender || ' sends * or % unquoted, and ' || server || ' takes it ('
                       || CASE w_tolerated WHEN 1 THEN '1 login' ELSE w_tolerated || ' logins' END
                       || '): it works there, and fails at a strict server.'
               WHEN w_unknown > 0
                   THEN server || ' refused ' || CASE w_unknown WHEN 1 THEN '1 login' ELSE w_unknown || ' logins' END
                       || ' of ' || sender || ' with * or % unquoted; whether for the missing quotes cannot be told'
                       || CASE WHEN dovecot THEN ' (by default Dovecot refuses both in user names, quoted or not).' ELSE '.' END
               WHEN w_unrelated > 0
                   THEN sender || ' sends * or % unquoted to ' || server || ', which refused '
                       || CASE w_unrelated WHEN 1 THEN '1 login' ELSE w_unrelated || ' logins' END
                       || ' for another reason.'
               WHEN w > 0
                   THEN sender || ' sends * or % unquoted to ' || server || ' ('
                       || CASE w WHEN 1 THEN '1 login' ELSE w || ' logins' END || '); no verdict was seen.'
               WHEN rules IS NOT NULL THEN ''
               WHEN spoiled > 0
                   THEN sender || ' is not at fault: ' || server || ' passed ' || spoiled || ' of its logins on to ' || replace(behind, ',', ', ')
                       || ' unquoted, and was refused there.'
               WHEN quoted > 0
                   THEN sender || ' quotes * and % in ' || CASE quoted WHEN 1 THEN '1 login' ELSE quoted || ' logins' END
                       || ' to ' || server || ': '
                       || CASE
                              WHEN quoted_let_in = quoted THEN 'let in.'
                              WHEN quoted_let_in > 0 THEN quoted_let_in || ' let in, ' || quoted_refused || ' refused.'
                              WHEN quoted_refused > 0 THEN quoted_refused || ' refused, and not for missing quotes'
                                  || CASE WHEN server_product LIKE 'Dovecot%'
                                         THEN ' (by default Dovecot refuses both in user names, quoted or not).' ELSE '.' END
                              ELSE 'no verdict was seen.'
                          END
               ELSE 'No finding in ' || CASE logins WHEN 1 THEN '1 login' ELSE logins || ' logins' END || ' of ' || sender
                   || ' to ' || server || CASE WHEN refused > 0 THEN ', ' || refused || ' refused' ELSE '' END
                   || CASE WHEN unanswered > 0 THEN ', ' || unanswered || ' without a verdict' ELSE '' END
                   || CASE
                          WHEN bare = 0 THEN '; all arguments were quoted, literals or in SASL, so that * and % would be safe.'
                          WHEN masked THEN '; the user names are masked, so whether it quotes * and % is not known.'
                          ELSE '; no * or % that needs quotes was seen, so whether it quotes them is not known.'
                      END
           END
           || CASE
                  WHEN rules IS NULL THEN ''
                  ELSE CASE WHEN w > 0 THEN ' It breaks other rules too (' ELSE sender || ' breaks rules of IMAP in logins to '
                          || server || ' (' END || replace(rules, ',', ', ') || ')'
                      || CASE
                             WHEN o_proved + o_likely + o_tolerated + o_unknown + o_unrelated + o_unanswered = 0 THEN '.'
                             ELSE ': ' || substr(
                                 CASE WHEN o_proved > 0 THEN ', ' || o_proved || ' refused for it' ELSE '' END
                                 || CASE WHEN o_likely > 0 THEN ', ' || o_likely || ' likely refused for it' ELSE '' END
                                 || CASE WHEN o_tolerated > 0 THEN ', ' || o_tolerated || ' let in, but not by a strict server' ELSE '' END
                                 || CASE WHEN o_unknown > 0 THEN ', ' || o_unknown || ' refused for a reason that cannot be told' ELSE '' END
                                 || CASE WHEN o_unrelated > 0 THEN ', ' || o_unrelated || ' refused for another reason' ELSE '' END
                                 || CASE WHEN o_unanswered > 0 THEN ', ' || o_unanswered || ' without a verdict' ELSE '' END,
                                 3) || '.'
                         END
              END
           || CASE
                  WHEN coalesce(w_refused, 0) = 0 OR quoted > 0 OR coalesce(server_product, '') NOT LIKE 'Exchange 2003%' THEN ''
                  WHEN own_product LIKE 'Exchange 2007%'
                      THEN ' This is KB 932605: install Update Rollup 3 for Exchange Server 2007, or a later one, on '
                          || sender || '.'
                  WHEN own_product IS NULL
                      THEN ' If ' || sender || ' is an Exchange 2007 Client Access Server, this is KB 932605, which Update'
                          || ' Rollup 3 for Exchange Server 2007 repairs.'
                  ELSE ' KB 932605 is the same fault in Exchange 2007, repaired there by Update Rollup 3 for Exchange Server'
                      || ' 2007.'
              END
           || CASE
                  WHEN logins IS NOT NULL AND encrypted > 0
                      THEN ' What ' || encrypted || ' of ' || connections || CASE connections WHEN 1 THEN ' connection' ELSE ' connections' END
                          || ' encrypted was not seen.'
                  ELSE ''
              END AS diagnosis
    FROM told;
