-- Logins by verdict, in steps of ?1 nanoseconds from the time ?2 on; steps without a login have no row.
SELECT (time_ns - ?2) / ?1 AS step, ?2 + (time_ns - ?2) / ?1 * ?1 AS start_ns, count(*) AS logins,
       sum(refused IS 0) AS accepted, sum(refused IS 1) AS refused, sum(refused IS NULL) AS unanswered,
       sum(wildcard_unquoted) AS unquoted, sum(wildcard_unquoted AND refused IS 1) AS unquoted_refused
FROM (SELECT time_ns, refused, wildcard_unquoted FROM judged_logins LIMIT -1)
GROUP BY step
ORDER BY step;
