-- Why logins failed, counted: what stands here rests on the table `causes`, and judges nothing itself.
--
-- Views only, made right after views.sql. They compare no user names, so that they work with masked ones too.
-- LIMIT -1 keeps SQLite from working out a subquery again for each use.

CREATE VIEW proxied AS
    -- The two legs of a login that a proxy passed on and that failed: a user logs in to a host, and that host logs in
    -- elsewhere as the same user while the first login waits (db/judgement/legs.c). The proxy's clients must not be
    -- encrypted: other legs are not seen.
    SELECT i.id AS inbound_login_id, o.id AS outbound_login_id, o.username,
           ci.client_ip, ci.server_ip AS proxy_ip, ci.server_product AS proxy_product,
           co.server_ip, co.server_port, co.server_product,
           i.username_form AS username_form_in, o.username_form AS username_form_out,
           i.password_form AS password_form_in, o.password_form AS password_form_out,
           (SELECT group_concat(v.rule || ' (' || v.argument || ')', ', ') FROM violations v
            WHERE v.login_id = i.id) AS rules_in,
           (SELECT group_concat(v.rule || ' (' || v.argument || ')', ', ') FROM violations v
            WHERE v.login_id = o.id) AS rules_out,
           i.result AS result_in, o.result AS result_out, k.cause, k.certainty,
           (o.time_ns - i.time_ns) / 1000000.0 AS delay_ms, -- from one command's first octet to the other's
           strftime('%Y-%m-%dT%H:%M:%S', i.time_ns / 1000000000, 'unixepoch')
               || printf('.%06dZ', i.time_ns / 1000 % 1000000) AS time,
           i.time_ns
    FROM causes k
    CROSS JOIN logins o ON o.id = k.login_id
    CROSS JOIN connections co ON co.id = o.connection_id
    CROSS JOIN logins i ON i.id = k.inbound_login_id
    CROSS JOIN connections ci ON ci.id = i.connection_id
    WHERE k.inbound_login_id IS NOT NULL;

CREATE VIEW judged_findings AS
    -- A violation, and what it had to do with the server's answer: proved and likely as in causes, where its rule is the
    -- cause; tolerated: accepted all the same; unrelated: the login failed for another reason; unknown: why is not known.
    -- accepted_login_id and inbound_login_id are the logins that it is compared with.
    SELECT f.*,
           CASE
               WHEN f.refused = 0 THEN 'tolerated'
               WHEN k.cause = 'syntax' AND instr(',' || k.rule || ',', ',' || f.rule || ',') > 0
                   OR k.cause = 'privacy' AND f.rule = 'login-disabled' THEN k.certainty
               WHEN k.cause IS NULL OR k.cause = 'unknown' THEN 'unknown'
               ELSE 'unrelated'
           END AS verdict,
           k.cause,
           CASE WHEN k.cause = 'syntax' THEN k.evidence_login_id END AS accepted_login_id,
           CASE WHEN k.cause = 'syntax' THEN k.inbound_login_id END AS inbound_login_id
    FROM findings f
    LEFT JOIN causes k ON k.login_id = f.login_id;

CREATE VIEW cause_counts AS
    -- How often each cause was met, for each client and port of a server. Verdict: the strongest certainty of the logins
    -- that failed for how this client logs in, or for what is not known; unrelated: for another reason, which the cause
    -- names, or the fault of what passed them on, or of whom they were passed on for. own: how many of these logins are
    -- at fault themselves. The sentence is that of the first such login, which is looked up once they are counted.
    SELECT g.client_ip, g.server_ip, g.server_port, c.server_product, g.cause,
           CASE g.weight / 1099511627776 WHEN 3 THEN 'proved' WHEN 2 THEN 'likely' WHEN 1 THEN 'unknown'
               ELSE 'unrelated' END AS verdict,
           g.logins, g.own, g.users, g.refused, k.rule,
           k.sentence || CASE WHEN g.logins > 1
               THEN ' It hits ' || CASE g.users WHEN 0 THEN '' WHEN 1 THEN '1 user in ' ELSE g.users || ' users in ' END
                   || g.logins || ' logins.'
               ELSE '' END AS sentence
    FROM (SELECT c.client_ip, c.server_ip, c.server_port, k.cause, count(*) AS logins,
                 sum(k.author_login_id IS k.login_id) AS own, count(DISTINCT l.username) AS users,
                 sum(l.result IS NOT NULL) AS refused,
                 -- the certainty, then the earliest row
                 max(CASE
                         WHEN k.author_login_id IS NOT k.login_id OR k.cause = 'credentials' OR k.cause = 'account'
                             OR k.cause = 'limit' OR k.cause = 'policy' OR k.cause = 'unavailable' OR k.cause = 'mailbox'
                             OR k.cause = 'privacy' AND k.rule IS NULL THEN 0
                         WHEN k.certainty = 'proved' THEN 3
                         WHEN k.certainty = 'likely' THEN 2
                         ELSE 1
                     END * 1099511627776 + 1099511627775 - k.login_id) AS weight
          FROM causes k
          CROSS JOIN logins l ON l.id = k.login_id
          CROSS JOIN connections c ON c.id = l.connection_id
          GROUP BY c.client_ip, c.server_ip, c.server_port, k.cause
          LIMIT -1) g
    JOIN causes k ON k.login_id = 1099511627775 - g.weight % 1099511627776
    JOIN logins l ON l.id = k.login_id
    JOIN connections c ON c.id = l.connection_id;

CREATE VIEW tolerated_counts AS
    -- Logins that broke a rule and were accepted, with a mailbox, for each client and port of a server.
    SELECT client_ip, server_ip, server_port, count(*) AS logins, count(DISTINCT username) AS users, sum(wildcard) AS wildcards,
           group_concat(DISTINCT rule) AS rules
    FROM (SELECT c.client_ip, c.server_ip, c.server_port, l.username, v.rule, v.wildcard
          FROM (SELECT login_id, max(rule = 'unquoted-wildcard') AS wildcard, min(rule) AS rule
                FROM violations
                GROUP BY login_id
                LIMIT -1) v
          CROSS JOIN logins l ON l.id = v.login_id
          CROSS JOIN connections c ON c.id = l.connection_id
          WHERE l.result = 'OK' AND NOT EXISTS (SELECT 1 FROM causes k WHERE k.login_id = l.id))
    GROUP BY client_ip, server_ip, server_port;

CREATE VIEW unseen_counts AS
    -- Why no login was seen, for each client and port of a server: the reasons in words, those that were seen first.
    -- known: 1 when one was seen, 0 when a login may only have been missed.
    SELECT client_ip, server_ip, server_port, max(known) AS known,
           sum(CASE WHEN no_login = 'encrypted' THEN connections ELSE 0 END) AS encrypted,
           group_concat(CASE WHEN no_login <> 'encrypted'
                            THEN lower(substr(meaning, 1, 1)) || substr(meaning, 2)
                                || CASE WHEN said IS NULL OR said = '' THEN '' WHEN no_login = 'tls-alert' THEN ' (' || said || ')'
                                       ELSE ' ("' || said || '")' END
                                || CASE WHEN connections > 1 THEN ', ' || connections || ' times' ELSE '' END
                            END, '; ') AS reasons,
           max(remedy) AS remedy -- of the first
    FROM (SELECT c.client_ip, c.server_ip, c.server_port, c.no_login, r.known, r.meaning,
                 CASE WHEN row_number() OVER (PARTITION BY c.client_ip, c.server_ip, c.server_port
                                              ORDER BY r.known DESC, count(*) DESC, c.no_login) = 1 THEN r.remedy END AS remedy,
                 CASE WHEN c.no_login = 'bye-greeting' THEN c.greeting ELSE c.no_login_text END AS said,
                 count(*) AS connections
          FROM connections c
          JOIN no_login_reasons r ON r.no_login = c.no_login
          GROUP BY c.client_ip, c.server_ip, c.server_port, c.no_login, said
          ORDER BY c.client_ip, c.server_ip, c.server_port, r.known DESC, connections DESC, c.no_login, said
          LIMIT -1)
    GROUP BY client_ip, server_ip, server_port;

CREATE VIEW diagnosis AS
    -- One row for each client, port of a server, and cause of failed logins, with what to do in words. Where cause is NULL,
    -- the verdict is tolerated: rules were broken in so many logins, and the server took it; and where no login failed,
    -- no finding: logins were seen and broke no rule; or not seen: there was none to judge.
    WITH failed AS (SELECT * FROM cause_counts LIMIT -1),
         taken AS (SELECT * FROM tolerated_counts LIMIT -1),
         unseen AS (SELECT * FROM unseen_counts LIMIT -1),
         pairs AS (
             SELECT client_ip, server_ip, server_port, max(server_product) AS server_product, sum(connections) AS connections,
                    sum(logins) AS logins, sum(quoted) AS quoted, sum(quoted_let_in) AS quoted_let_in, sum(bare) AS bare,
                    max(masked) AS masked, sum(encrypted) AS encrypted, sum(not_imap) AS not_imap
             FROM pair_counts
             GROUP BY client_ip, server_ip, server_port
             LIMIT -1)
    SELECT f.client_ip, f.server_ip, f.server_port, f.server_product, f.cause, f.verdict, f.logins, f.users, f.refused,
           f.users AS users_refused,
           f.sentence
               || CASE WHEN p.encrypted > 0
                      THEN ' What ' || p.encrypted || ' of ' || p.connections
                          || CASE p.connections WHEN 1 THEN ' connection' ELSE ' connections' END || ' encrypted was not seen.'
                      ELSE '' END AS diagnosis
    FROM failed f
    LEFT JOIN pairs p ON p.client_ip = f.client_ip AND p.server_ip = f.server_ip AND p.server_port = f.server_port
    UNION ALL
    SELECT p.client_ip, p.server_ip, p.server_port, p.server_product, NULL,
           CASE WHEN p.logins = 0 THEN 'not seen' WHEN t.logins > 0 THEN 'tolerated' ELSE 'no finding' END,
           CASE WHEN t.logins > 0 THEN t.logins ELSE p.logins END, coalesce(t.users, 0), 0, 0,
           CASE
               WHEN p.logins = 0
                   THEN 'No login was seen from ' || p.client_ip || ' to ' || p.server_ip
                       || coalesce(' (' || p.server_product || ')', '')
                       || CASE
                              WHEN not_imap = connections AND connections = 1 THEN ': what the connection carried was no IMAP.'
                              WHEN not_imap = connections
                                  THEN ': what the ' || connections || ' connections carried was no IMAP.'
                              WHEN n.reasons IS NULL AND p.encrypted = p.connections AND connections = 1
                                  THEN ': the connection was encrypted.'
                              WHEN n.reasons IS NULL AND p.encrypted = p.connections
                                  THEN ': all ' || connections || ' connections were encrypted.'
                              ELSE ' on ' || connections || CASE connections WHEN 1 THEN ' connection' ELSE ' connections' END
                                  || CASE WHEN coalesce(n.encrypted, p.encrypted) > 0
                                         THEN ', ' || coalesce(n.encrypted, p.encrypted) || ' of them encrypted' ELSE '' END
                                  || CASE WHEN n.reasons IS NULL THEN '.'
                                         WHEN n.known THEN '. The reason was seen: ' || n.reasons || '.'
                                             || coalesce(' ' || n.remedy || '.', '')
                                         ELSE '. One may have been missed: ' || n.reasons || '.' || coalesce(' ' || n.remedy || '.', '')
                                     END
                          END
               WHEN t.wildcards > 0
                   THEN p.client_ip || ' sends * or % unquoted, and ' || p.server_ip || coalesce(' (' || p.server_product || ')', '')
                       || ' takes it (' || t.wildcards || CASE t.wildcards WHEN 1 THEN ' login' ELSE ' logins' END
                       || '): it works there, and fails at a strict server. Quote it before that.'
               WHEN t.logins > 0
                   THEN p.client_ip || ' breaks rules of IMAP in ' || t.logins || CASE t.logins WHEN 1 THEN ' login' ELSE ' logins' END
                       || ' to ' || p.server_ip || coalesce(' (' || p.server_product || ')', '') || ' ('
                       || replace(t.rules, ',', ', ') || '), which takes it: it works there, and fails at a strict server.'
               WHEN p.quoted > 0
                   THEN p.client_ip || ' quotes * and % in ' || CASE p.quoted WHEN 1 THEN '1 login' ELSE p.quoted || ' logins' END
                       || ' to ' || p.server_ip || coalesce(' (' || p.server_product || ')', '') || ': accepted.'
               ELSE 'No finding in ' || CASE p.logins WHEN 1 THEN '1 login' ELSE p.logins || ' logins' END || ' of ' || p.client_ip
                   || ' to ' || p.server_ip || coalesce(' (' || p.server_product || ')', '')
                   || CASE
                          WHEN p.bare = 0 THEN '; all arguments were quoted, literals or in SASL, so that * and % would be safe.'
                          WHEN p.masked THEN '; the user names are masked, so whether it quotes * and % is not known.'
                          ELSE '; no * or % that needs quotes was seen, so whether it quotes them is not known.'
                      END
           END
           || CASE
                  WHEN p.logins > 0 AND p.encrypted > 0
                      THEN ' What ' || p.encrypted || ' of ' || p.connections
                          || CASE p.connections WHEN 1 THEN ' connection' ELSE ' connections' END || ' encrypted was not seen.'
                  ELSE ''
              END
    FROM pairs p
    LEFT JOIN taken t ON t.client_ip = p.client_ip AND t.server_ip = p.server_ip AND t.server_port = p.server_port
    LEFT JOIN unseen n ON n.client_ip = p.client_ip AND n.server_ip = p.server_ip AND n.server_port = p.server_port
    WHERE t.logins > 0
       OR NOT EXISTS (SELECT 1 FROM failed f
                      WHERE f.client_ip = p.client_ip AND f.server_ip = p.server_ip AND f.server_port = p.server_port);

CREATE VIEW guessing AS
    -- Clients that look like guessing: stretches of time in which any ten logins in a row fell within ten minutes that
    -- were refused for the user name or the password, or without a reason, and no fewer than were let in then and soon
    -- after. One user who is let in at the same server from elsewhere is an old password that a device still has.
    WITH wrong AS (
             SELECT c.client_ip, c.server_ip, l.username, l.time_ns
             FROM causes k
             CROSS JOIN logins l ON l.id = k.login_id
             CROSS JOIN connections c ON c.id = l.connection_id
             WHERE (k.cause = 'credentials' OR k.cause = 'unknown' AND l.result = 'NO') AND k.author_login_id = k.login_id
               AND NOT instr(k.sentence, ' may be an outage')
             LIMIT -1),
         tens AS (
             SELECT client_ip, time_ns AS last_ns,
                    lag(time_ns, 9) OVER (PARTITION BY client_ip ORDER BY time_ns) AS first_ns
             FROM wrong
             LIMIT -1),
         begun AS (
             SELECT client_ip, first_ns, last_ns,
                    first_ns > coalesce(max(last_ns) OVER (PARTITION BY client_ip ORDER BY last_ns
                                                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), first_ns - 1)
                        AS begins
             FROM tens
             WHERE last_ns - first_ns <= 600000000000
             LIMIT -1),
         stretches AS (
             SELECT client_ip, stretch, min(first_ns) AS first_ns, max(last_ns) AS last_ns
             FROM (SELECT client_ip, first_ns, last_ns,
                          sum(begins) OVER (PARTITION BY client_ip ORDER BY last_ns ROWS UNBOUNDED PRECEDING) AS stretch
                   FROM begun)
             GROUP BY client_ip, stretch
             LIMIT -1),
         refused AS (
             SELECT s.client_ip, s.stretch, s.first_ns, s.last_ns, count(*) AS refused, count(DISTINCT w.username) AS users,
                    count(DISTINCT w.server_ip) AS servers, min(w.username) AS username, min(w.server_ip) AS server_ip
             FROM stretches s
             JOIN wrong w ON w.client_ip = s.client_ip AND w.time_ns BETWEEN s.first_ns AND s.last_ns
             GROUP BY s.client_ip, s.stretch
             LIMIT -1),
         accepted AS (
             SELECT s.client_ip, s.stretch, count(*) AS let_in
             FROM stretches s
             CROSS JOIN connections c ON c.client_ip = s.client_ip
             CROSS JOIN logins l ON l.connection_id = c.id
             WHERE l.result = 'OK' AND l.time_ns BETWEEN s.first_ns AND s.last_ns + 600000000000
             GROUP BY s.client_ip, s.stretch
             LIMIT -1)
    SELECT r.client_ip, r.refused + coalesce(a.let_in, 0) AS logins, r.refused, r.users, coalesce(a.let_in, 0) AS let_in,
           r.first_ns, r.last_ns, r.servers
    FROM refused r
    LEFT JOIN accepted a ON a.client_ip = r.client_ip AND a.stretch = r.stretch
    WHERE r.refused >= coalesce(a.let_in, 0)
      AND NOT (r.users = 1
               AND EXISTS (SELECT 1
                           FROM connections c
                           CROSS JOIN logins l ON l.connection_id = c.id
                           WHERE c.server_ip = r.server_ip AND c.client_ip <> r.client_ip AND l.result = 'OK'
                             AND l.username = r.username));
