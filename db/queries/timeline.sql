-- Logins hour by hour (UTC): accepted, refused, and with an unquoted wildcard
SELECT strftime('%Y-%m-%dT%H:00Z', hour * 3600, 'unixepoch') AS hour, count(*) AS logins,
       sum(refused IS 0) AS accepted, sum(refused IS 1) AS refused, sum(refused IS NULL) AS unanswered,
       sum(wildcard_unquoted) AS wildcard_unquoted, sum(wildcard_unquoted AND refused IS 1) AS wildcard_refused
FROM (SELECT time_ns / 3600000000000 AS hour, refused, wildcard_unquoted FROM judged_logins LIMIT -1) AS logins
GROUP BY logins.hour
ORDER BY logins.hour;
