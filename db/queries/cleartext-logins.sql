-- Users whose password crossed the network readable, or so that it can be guessed offline
-- What all logins are sorted by is short: a number for the exposure, and no name for the usual method.
SELECT username, CASE WHEN readable THEN 'password' ELSE 'guessable' END AS exposure,
       coalesce(mechanism, 'LOGIN') AS method, server_ip, server_port, count(*) AS logins,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(time_ns) / 1000000000, 'unixepoch') AS first_time,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(time_ns) / 1000000000, 'unixepoch') AS last_time
FROM (SELECT l.username, l.exposure = 'password' AS readable,
             nullif(coalesce(l.mechanism, l.command), 'LOGIN') AS mechanism, c.server_ip, c.server_port,
             l.time_ns
      FROM logins l
      JOIN connections c ON c.id = l.connection_id
      WHERE l.exposure IS NOT NULL
        AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
        AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
        AND (:user IS NULL OR l.username = :user COLLATE NOCASE)
      LIMIT -1)
GROUP BY username, server_ip, mechanism, readable, server_port
ORDER BY logins DESC, username, server_ip, server_port, method, exposure;
