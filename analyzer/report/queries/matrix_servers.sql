-- The servers of the matrix, the worst first; ?1: how many.
SELECT server_ip, max(server_product) AS server_product, count(*) OVER () AS of
FROM pair_verdicts
GROUP BY server_ip
ORDER BY sum(unquoted_refused) DESC, sum(unquoted) DESC, sum(logins) DESC, server_ip
LIMIT ?1;
