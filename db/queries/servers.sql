-- The servers: what they are, and how they answered logins and unquoted wildcards
SELECT c.server_ip, c.server_port, known.server_product, c.clients, c.connections, c.logins,
       c.logins - c.refused - c.unanswered AS accepted, c.refused,
       coalesce(w.accepted, 0) AS wildcards_accepted, coalesce(w.refused, 0) AS wildcards_refused, known.greeting
FROM (SELECT server_ip, server_port, count(*) AS clients, sum(connections) AS connections, sum(logins) AS logins,
             sum(refused) AS refused, sum(unanswered) AS unanswered,
             coalesce(max(product_id), max(greeting_id)) AS known_id
      FROM (SELECT client_ip, server_ip, server_port, sum(connections) AS connections, sum(logins) AS logins,
                   sum(refused) AS refused, sum(unanswered) AS unanswered,
                   max(product_id) AS product_id, max(greeting_id) AS greeting_id
            FROM pair_counts
            WHERE (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client)))
              AND (:server IS NULL OR server_ip IN (SELECT value FROM json_each(:server)))
            GROUP BY client_ip, server_ip, server_port)
      GROUP BY server_ip, server_port) c
LEFT JOIN connections known ON known.id = c.known_id
LEFT JOIN (SELECT server_ip, server_port, sum(refused IS 0) AS accepted, sum(refused IS 1) AS refused
           FROM (SELECT c.server_ip, c.server_port, l.refused
                 FROM (SELECT DISTINCT login_id FROM violations
                       WHERE rule = 'unquoted-wildcard'
                         AND (argument = 'username' OR argument = 'password')) v
                 CROSS JOIN judged_logins l ON l.id = v.login_id
                 CROSS JOIN connections c ON c.id = l.connection_id
                 WHERE (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
                   AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
                 LIMIT -1)
           GROUP BY server_ip, server_port) w ON w.server_ip = c.server_ip AND w.server_port = c.server_port
ORDER BY wildcards_refused DESC, logins DESC, c.server_ip, c.server_port;
