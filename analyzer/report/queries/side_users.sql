-- One side of a comparison: how each user fared at each server, sorted by both.
SELECT username, server_ip, max(server_product) AS server_product, count(*) AS logins, sum(refused IS 0) AS accepted,
       sum(refused IS 1) AS refused, sum(refused IS 1 AND blamed) AS broken_refused, sum(wildcard_unquoted) AS unquoted
FROM (SELECT l.username, c.server_ip, c.server_product, l.refused, l.wildcard_unquoted,
             -- as affected_users counts: for the rule that was broken, or for a reason that is not known
             l.id IN (SELECT k.login_id
                      FROM causes k
                      JOIN violations v ON v.login_id = k.login_id
                      WHERE k.cause = 'unknown' OR k.cause = 'syntax' AND instr(',' || k.rule || ',', ',' || v.rule || ',') > 0)
                 AS blamed
      FROM judged_logins l
      JOIN connections c ON c.id = l.connection_id
      WHERE l.username IS NOT NULL
        AND (:captures IS NULL OR l.capture_id IN (SELECT value FROM json_each(:captures)))
      LIMIT -1)
GROUP BY username, server_ip
ORDER BY username, server_ip;
