-- One row (?3, ?4: of which time): what was read, what was seen in it, what was found, and the worst sender (worst_..).
SELECT p.*, c.*, l.*, d.*, k.*, t.*, j.*, x.*, s.*, u.*, w.*
FROM (SELECT count(*) AS captures, coalesce(sum(state = 'failed'), 0) AS failed, coalesce(sum(state = 'running'), 0) AS running,
             coalesce(sum(packets), 0) AS packets, coalesce(sum(bytes), 0) AS bytes,
             coalesce(sum(kernel_drops), 0) + coalesce(sum(interface_drops), 0) AS drops,
             coalesce(sum(evicted), 0) AS evicted,
             min(CASE WHEN packets > 0 THEN first_ns END) AS first_ns, max(CASE WHEN packets > 0 THEN last_ns END) AS last_ns
      FROM captures
      WHERE (?3 IS NULL OR last_ns IS NULL OR last_ns >= ?3)
        AND (?4 IS NULL OR first_ns IS NULL OR first_ns < ?4)) p,
     (SELECT count(*) AS connections, coalesce(sum(encryption <> 'none'), 0) AS encrypted,
             coalesce(sum(midstream), 0) AS midstream, coalesce(sum(one_sided), 0) AS one_sided,
             coalesce(sum(not_imap), 0) AS not_imap, coalesce(sum(lost_octets), 0) AS lost_octets,
             coalesce(sum(no_login IS NOT NULL AND no_login <> 'encrypted'), 0) AS no_login,
             coalesce(sum(no_login IN (SELECT no_login FROM no_login_reasons WHERE known)), 0) AS no_login_known,
             coalesce(sum(copied_packets), 0) AS copied_packets
      FROM connections) c,
     (SELECT count(*) AS logins, coalesce(sum(refused IS 0), 0) AS accepted, coalesce(sum(refused IS 1), 0) AS refused,
             coalesce(sum(refused IS NULL), 0) AS unanswered, coalesce(sum(incomplete), 0) AS incomplete,
             min(time_ns) AS first_login_ns, max(time_ns) AS last_login_ns
      FROM (SELECT refused, incomplete, time_ns FROM judged_logins LIMIT -1)) l,
     (SELECT coalesce(sum(verdict = 'proved'), 0) AS proved, coalesce(sum(verdict = 'likely'), 0) AS likely,
             coalesce(sum(verdict = 'tolerated'), 0) AS tolerated, coalesce(sum(verdict = 'unknown'), 0) AS unknown,
             coalesce(sum(verdict = 'unrelated'), 0) AS unrelated, coalesce(sum(verdict = 'no finding'), 0) AS without_finding,
             -- how the login was written is why
             coalesce(sum(verdict = 'proved' AND cause IN ('syntax', 'form', 'mechanism')), 0) AS proved_faults,
             coalesce(sum(verdict = 'likely' AND cause IN ('syntax', 'form', 'mechanism')), 0) AS likely_faults,
             count(*) AS diagnoses
      FROM diagnosed) d,
     (SELECT count(*) AS failures, coalesce(sum(cause = 'unknown'), 0) AS failures_unknown,
             coalesce(sum(cause NOT IN ('unknown', 'syntax', 'form', 'mechanism')), 0) AS failures_elsewhere
      FROM causes k
      CROSS JOIN logins l ON l.id = k.login_id) k,
     (SELECT count(*) AS pairs, coalesce(sum(verdict = 'no finding'), 0) AS pairs_without_finding,
             coalesce(sum(verdict = 'not seen'), 0) AS pairs_not_seen,
             count(DISTINCT CASE WHEN own_unquoted > 0 THEN client_ip END) AS senders,
             coalesce(sum(own_unquoted), 0) AS unquoted, coalesce(sum(own_unquoted_refused), 0) AS unquoted_refused
      FROM pair_verdicts) t,
     (SELECT count(*) AS findings, count(DISTINCT login_id) AS broken,
             count(DISTINCT CASE WHEN rule = 'unquoted-wildcard' AND verdict = 'proved' AND NOT passed_on THEN login_id END) AS wildcard_proved,
             count(DISTINCT CASE WHEN rule = 'unquoted-wildcard' AND verdict = 'likely' AND NOT passed_on THEN login_id END) AS wildcard_likely,
             count(DISTINCT CASE WHEN rule = 'unquoted-wildcard' AND verdict = 'tolerated' THEN login_id END) AS wildcard_tolerated,
             count(DISTINCT CASE WHEN rule <> 'unquoted-wildcard' AND NOT passed_on THEN login_id END) AS other_broken,
             count(DISTINCT CASE WHEN rule <> 'unquoted-wildcard' AND verdict = 'proved' AND NOT passed_on THEN login_id END)
                 AS other_proved,
             count(DISTINCT CASE WHEN rule <> 'unquoted-wildcard' AND verdict = 'likely' AND NOT passed_on THEN login_id END)
                 AS other_likely
      FROM judged) j,
     (SELECT count(*) AS cleartext FROM logins WHERE exposure = 'password') x,
     (SELECT count(*) AS servers FROM (SELECT DISTINCT server_ip, server_port FROM connections)) s,
     (SELECT count(*) AS affected, count(DISTINCT username) AS users,
             count(DISTINCT CASE WHEN wildcard THEN username END) AS wildcard_users,
             count(DISTINCT CASE WHEN got_in = 'no' THEN username END) AS users_never_in
      FROM affected) u
LEFT JOIN (SELECT client_ip AS worst_client, server_ip AS worst_server, server_product AS worst_product, logins AS worst_logins,
                  own_unquoted AS worst_unquoted, own_unquoted_refused AS worst_unquoted_refused
           FROM pair_verdicts
           WHERE own_unquoted > 0
           ORDER BY rowid
           LIMIT 1) w;
