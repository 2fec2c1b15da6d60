-- Logins hour by hour (UTC): accepted, refused, and with an unquoted wildcard
SELECT strftime('%Y-%m-%dT%H:00Z', hour * 3600, 'unixepoch') AS hour, count(*) AS logins,
       sum(refused IS 0) AS accepted, sum(refused IS 1) AS refused, sum(refused IS NULL) AS unanswered,
       sum(wildcard_unquoted) AS wildcard_unquoted, sum(wildcard_unquoted AND refused IS 1) AS wildcard_refused
FROM (SELECT l.time_ns / 3600000000000 AS hour, l.refused, l.wildcard_unquoted
      FROM judged_logins l
      JOIN connections c ON c.id = l.connection_id
      WHERE (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
        AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
        AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
        AND (:rule IS NULL OR EXISTS (SELECT 1 FROM violations v WHERE v.login_id = l.id AND v.rule = :rule))
      LIMIT -1) AS logins
GROUP BY logins.hour
ORDER BY logins.hour;
