-- Connections without a login, a row a client, server, port and reason: those whose reason was seen come first. ?1: rows at most.
SELECT c.client_ip, c.server_ip, c.server_port, max(c.server_product) AS server_product, c.no_login, r.meaning,
       CASE WHEN c.no_login = 'bye-greeting' THEN c.greeting ELSE c.no_login_text END AS said, count(*) AS connections
FROM connections c
JOIN no_login_reasons r ON r.no_login = c.no_login
WHERE c.no_login <> 'encrypted'
GROUP BY c.client_ip, c.server_ip, c.server_port, c.no_login, said
ORDER BY r.known DESC, connections DESC, c.client_ip, c.server_ip, c.server_port, c.no_login, said
LIMIT ?1;
