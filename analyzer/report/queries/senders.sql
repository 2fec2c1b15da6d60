-- The verdict on each client and server, the worst first; ?1: how many.
SELECT client_ip, server_ip, server_product, verdict, diagnosis, connections, encrypted, logins, refused, unanswered,
       users_refused, unquoted, unquoted_refused, quoted, last_unquoted_ns, quoted_since_ns
FROM pair_verdicts
ORDER BY rowid
LIMIT ?1;
