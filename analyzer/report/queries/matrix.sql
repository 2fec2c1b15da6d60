-- A row for each of the ?2 worst senders and ?1 worst servers; where the two never met, connections is NULL.
WITH server AS (
         SELECT server_ip, row_number() OVER (ORDER BY sum(unquoted_refused) DESC, sum(unquoted) DESC, sum(logins) DESC, server_ip)
                    AS rank
         FROM pair_verdicts
         GROUP BY server_ip
         ORDER BY rank
         LIMIT ?1),
     sender AS (
         SELECT client_ip, min(rowid) AS rank
         FROM pair_verdicts
         WHERE server_ip IN (SELECT server_ip FROM server)
         GROUP BY client_ip
         ORDER BY rank
         LIMIT ?2)
SELECT sender.client_ip, server.server_ip, t.connections, t.encrypted, t.logins, t.unquoted, t.unquoted_refused, t.quoted
FROM sender
CROSS JOIN server
LEFT JOIN pair_verdicts t ON t.client_ip = sender.client_ip AND t.server_ip = server.server_ip
ORDER BY sender.rank, server.rank;
