-- What a report needs more than once, worked out once: temporary tables beside the database, which stays as it is.

CREATE TEMP TABLE judged AS
    -- Every finding with its verdict, the worst first: the row's number is its rank. passed_on: what broke the rule was
    -- written by another, whose octets this client handed on.
    SELECT j.violation_id, j.login_id, j.client_ip, j.server_ip, j.username, j.rule, j.argument, j.refused, j.verdict,
           k.author_login_id IS NOT NULL AND k.author_login_id <> j.login_id AS passed_on
    FROM judged_findings j
    JOIN rules r ON r.rule = j.rule
    LEFT JOIN causes k ON k.login_id = j.login_id
    ORDER BY CASE j.verdict WHEN 'proved' THEN 0 WHEN 'likely' THEN 1 WHEN 'tolerated' THEN 2 WHEN 'unknown' THEN 3 ELSE 4 END,
             j.rule <> 'unquoted-wildcard', CASE r.severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, j.rule,
             j.time_ns, j.violation_id;

CREATE TEMP TABLE diagnosed AS
    -- The view diagnosis, the worst first: the order of the canned query.
    SELECT client_ip, server_ip, server_port, server_product, cause, verdict, logins, users, diagnosis,
           CASE verdict WHEN 'proved' THEN 0 WHEN 'likely' THEN 1 WHEN 'tolerated' THEN 2 WHEN 'unknown' THEN 3
               WHEN 'unrelated' THEN 4 WHEN 'no finding' THEN 5 ELSE 6 END AS rank
    FROM diagnosis
    ORDER BY rank, logins DESC, client_ip, server_ip, server_port, cause;

CREATE TEMP TABLE pair_verdicts AS
    -- Every client and server, the worst first, with the verdict that weighs most and all that diagnosis says of the two.
    -- own_..: without what the client only passed on.
    WITH pairs AS (
             SELECT client_ip, server_ip, max(server_product) AS server_product,
                    CASE min(rank) WHEN 0 THEN 'proved' WHEN 1 THEN 'likely' WHEN 2 THEN 'tolerated' WHEN 3 THEN 'unknown'
                        WHEN 4 THEN 'unrelated' WHEN 5 THEN 'no finding' ELSE 'not seen' END AS verdict,
                    group_concat(diagnosis, ' ') AS diagnosis
             FROM (SELECT * FROM diagnosed ORDER BY rank, logins DESC, server_port, cause LIMIT -1)
             GROUP BY client_ip, server_ip
             LIMIT -1),
         handed_on AS (
             SELECT client_ip, server_ip, count(DISTINCT login_id) AS logins,
                    count(DISTINCT CASE WHEN refused THEN login_id END) AS refused
             FROM judged
             WHERE passed_on AND rule = 'unquoted-wildcard' AND argument IN ('username', 'password')
             GROUP BY client_ip, server_ip
             LIMIT -1)
    SELECT d.client_ip, d.server_ip, d.server_product, d.verdict, d.diagnosis, coalesce(c.logins, 0) AS logins,
           coalesce(c.refused, 0) AS refused, coalesce(s.users_refused, 0) AS users_refused,
           coalesce(s.wildcard_unquoted, 0) AS unquoted, coalesce(s.wildcard_quoted, 0) AS quoted,
           coalesce(s.wildcard_refused, 0) AS unquoted_refused, coalesce(s.unanswered, 0) AS unanswered,
           coalesce(s.wildcard_unquoted, 0) - coalesce(h.logins, 0) AS own_unquoted,
           coalesce(s.wildcard_refused, 0) - coalesce(h.refused, 0) AS own_unquoted_refused,
           c.connections, c.encrypted, s.last_unquoted_ns, s.quoted_since_ns
    FROM pairs d
    LEFT JOIN senders s ON s.client_ip = d.client_ip AND s.server_ip = d.server_ip
    LEFT JOIN handed_on h ON h.client_ip = d.client_ip AND h.server_ip = d.server_ip
    -- a subquery, since SQLite makes no index for a table of another kind
    LEFT JOIN (SELECT client_ip, server_ip, connections, encrypted, logins, refused FROM pair_totals LIMIT -1) c
        ON c.client_ip = d.client_ip AND c.server_ip = d.server_ip
    ORDER BY CASE d.verdict WHEN 'proved' THEN 0 WHEN 'likely' THEN 1 WHEN 'tolerated' THEN 2 WHEN 'unknown' THEN 3
                 WHEN 'unrelated' THEN 4 WHEN 'not seen' THEN 5 ELSE 6 END,
             unquoted_refused DESC, unquoted DESC, c.refused DESC, c.logins DESC, d.client_ip, d.server_ip;

CREATE TEMP TABLE affected AS
    -- Every user that a login which breaks a rule kept out of a server, the most often refused first.
    SELECT username, server_ip, server_product, refused, certainty, clients, rules, first_time, last_time, got_in, got_in_by,
           instr(',' || rules || ',', ',unquoted-wildcard,') > 0 AS wildcard
    FROM affected_users
    ORDER BY wildcard DESC, got_in, refused DESC, username, server_ip;
