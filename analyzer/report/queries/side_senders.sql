-- One side of a comparison: how each client writes its logins to each server, sorted by both addresses.
SELECT p.client_ip, p.server_ip, p.server_product, p.connections, p.encrypted, coalesce(l.logins, 0) AS logins,
       coalesce(l.refused, 0) AS refused, coalesce(l.unquoted, 0) AS unquoted,
       coalesce(l.unquoted_refused, 0) AS unquoted_refused, coalesce(l.quoted, 0) AS quoted, coalesce(l.bare, 0) AS bare,
       l.last_unquoted_ns, l.first_quoted_ns
FROM (SELECT client_ip, server_ip, max(server_product) AS server_product, count(*) AS connections,
             sum(encryption <> 'none') AS encrypted
      FROM connections
      WHERE :captures IS NULL OR capture_id IN (SELECT value FROM json_each(:captures))
         OR id IN (SELECT connection_id FROM logins WHERE capture_id IN (SELECT value FROM json_each(:captures)))
      GROUP BY client_ip, server_ip) p
LEFT JOIN (SELECT client_ip, server_ip, count(*) AS logins, sum(refused IS 1) AS refused, sum(wildcard_unquoted) AS unquoted,
                  sum(wildcard_unquoted AND refused IS 1) AS unquoted_refused, sum(wildcard_quoted) AS quoted,
                  -- an argument that would be bare if it held a wildcard
                  sum(username_form IS 'atom' OR password_form IS 'atom') AS bare,
                  max(CASE WHEN wildcard_unquoted THEN time_ns END) AS last_unquoted_ns,
                  min(CASE WHEN wildcard_quoted THEN time_ns END) AS first_quoted_ns
           FROM (SELECT c.client_ip, c.server_ip, l.refused, l.wildcard_unquoted, l.wildcard_quoted, l.username_form,
                        l.password_form, l.time_ns
                 FROM judged_logins l
                 JOIN connections c ON c.id = l.connection_id
                 WHERE :captures IS NULL OR l.capture_id IN (SELECT value FROM json_each(:captures))
                 LIMIT -1)
           GROUP BY client_ip, server_ip) l ON l.client_ip = p.client_ip AND l.server_ip = p.server_ip
ORDER BY p.client_ip, p.server_ip;
