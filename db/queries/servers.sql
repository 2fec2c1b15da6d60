-- The servers: what they are, what they offer, how they answered logins and unquoted wildcards
SELECT c.server_ip || ':' || c.server_port AS server, max(c.server_product) AS product,
       count(DISTINCT c.client_ip) AS clients, count(DISTINCT c.id) AS connections, count(l.id) AS logins,
       coalesce(sum(l.refused = 0), 0) AS accepted, coalesce(sum(l.refused), 0) AS refused,
       coalesce(sum(l.refused = 0 AND l.wildcard_unquoted), 0) AS wildcards_accepted,
       coalesce(sum(l.refused AND l.wildcard_unquoted), 0) AS wildcards_refused,
       max(c.greeting) AS greeting
FROM connections c
LEFT JOIN judged_logins l ON l.connection_id = c.id
GROUP BY c.server_ip, c.server_port
ORDER BY wildcards_refused DESC, logins DESC, server;
