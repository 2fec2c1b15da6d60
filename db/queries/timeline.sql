-- Logins hour by hour (UTC): accepted, refused, and with an unquoted wildcard
SELECT strftime('%Y-%m-%dT%H:00Z', hour * 3600, 'unixepoch') AS hour, logins, accepted, refused, unanswered,
       wildcard_unquoted, wildcard_refused
FROM (SELECT time_ns / 3600000000000 AS hour, count(*) AS logins, sum(refused = 0) AS accepted,
             coalesce(sum(refused), 0) AS refused, sum(refused IS NULL) AS unanswered,
             sum(wildcard_unquoted) AS wildcard_unquoted,
             coalesce(sum(refused AND wildcard_unquoted), 0) AS wildcard_refused
      FROM judged_logins
      GROUP BY time_ns / 3600000000000)
ORDER BY 1;
