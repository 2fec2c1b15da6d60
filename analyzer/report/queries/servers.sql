-- What each server's connections hid, and what they exposed; ?1: how many.
SELECT c.server_ip, c.server_port, c.server_product, c.connections, c.starttls, c.implicit,
       coalesce(v.cleartext, 0) AS cleartext, coalesce(v.guessable, 0) AS guessable, coalesce(v.users, 0) AS users
FROM (SELECT server_ip, server_port, max(server_product) AS server_product, count(*) AS connections,
             sum(encryption = 'starttls') AS starttls, sum(encryption = 'implicit') AS implicit
      FROM connections
      GROUP BY server_ip, server_port) c
LEFT JOIN (SELECT c.server_ip, c.server_port, sum(l.exposure = 'password') AS cleartext,
                  sum(l.exposure = 'guessable') AS guessable, count(DISTINCT l.username) AS users
           FROM logins l
           JOIN connections c ON c.id = l.connection_id
           WHERE l.exposure IS NOT NULL
           GROUP BY c.server_ip, c.server_port) v ON v.server_ip = c.server_ip AND v.server_port = c.server_port
ORDER BY cleartext DESC, c.connections DESC, c.server_ip, c.server_port
LIMIT ?1;
