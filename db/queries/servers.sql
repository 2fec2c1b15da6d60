-- The servers: what they are, and how they answered logins and unquoted wildcards
SELECT c.server_ip AS server, c.server_port AS port, known.server_product, c.clients, c.connections,
       coalesce(l.logins, 0) AS logins, coalesce(l.accepted, 0) AS accepted, coalesce(l.refused, 0) AS refused,
       coalesce(l.wildcards_accepted, 0) AS wildcards_accepted, coalesce(l.wildcards_refused, 0) AS wildcards_refused,
       known.greeting
FROM (SELECT server_ip, server_port, count(DISTINCT client_ip) AS clients, count(*) AS connections,
             coalesce(max(CASE WHEN server_product IS NOT NULL THEN id END),
                      max(CASE WHEN greeting IS NOT NULL THEN id END)) AS known_id
      FROM connections
      WHERE (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client)))
        AND (:server IS NULL OR server_ip IN (SELECT value FROM json_each(:server)))
      GROUP BY server_ip, server_port) c
LEFT JOIN connections known ON known.id = c.known_id
LEFT JOIN (SELECT server_ip, server_port, count(*) AS logins, sum(refused IS 0) AS accepted,
                  sum(refused IS 1) AS refused, sum(wildcard_unquoted AND refused IS 0) AS wildcards_accepted,
                  sum(wildcard_unquoted AND refused IS 1) AS wildcards_refused
           FROM (SELECT c.server_ip, c.server_port, l.refused, l.wildcard_unquoted
                 FROM judged_logins l
                 JOIN connections c ON c.id = l.connection_id
                 WHERE (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
                   AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
                 LIMIT -1)
           GROUP BY server_ip, server_port) l ON l.server_ip = c.server_ip AND l.server_port = c.server_port
ORDER BY wildcards_refused DESC, logins DESC, c.server_ip, c.server_port;
