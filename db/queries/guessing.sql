-- Clients that look like guessing: at least 10 logins refused in 10 minutes, and no fewer than were let in
-- Few logins are refused: the others are counted only where enough of those are close together.
WITH close AS (
         SELECT client_ip, slot
         FROM (SELECT c.client_ip, l.time_ns / 600000000000 AS slot
               FROM judged_logins l
               CROSS JOIN connections c ON c.id = l.connection_id
               WHERE l.refused
                 AND (:client IS NULL OR c.client_ip IN (SELECT value FROM json_each(:client)))
                 AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
               LIMIT -1)
         GROUP BY client_ip, slot
         HAVING count(*) >= 10)
SELECT client_ip AS client, sum(logins) AS logins, sum(refused) AS refused, max(users) AS most_users,
       sum(let_in) AS let_in, max(refused) AS most_refused,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(first_ns) / 1000000000, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(last_ns) / 1000000000, 'unixepoch') AS last, max(servers) AS servers
FROM (SELECT client_ip, count(*) AS logins, sum(refused IS 1) AS refused, sum(refused IS 0) AS let_in,
             count(DISTINCT username) AS users, count(DISTINCT server_ip) AS servers,
             min(time_ns) AS first_ns, max(time_ns) AS last_ns
      FROM (SELECT c.client_ip, c.server_ip, l.username, l.time_ns, l.refused
            FROM judged_logins l
            CROSS JOIN connections c ON c.id = l.connection_id
            WHERE l.time_ns / 600000000000 IN (SELECT slot FROM close)
              AND (c.client_ip, l.time_ns / 600000000000) IN (SELECT client_ip, slot FROM close)
              AND (:server IS NULL OR c.server_ip IN (SELECT value FROM json_each(:server)))
            LIMIT -1)
      GROUP BY client_ip, time_ns / 600000000000
      HAVING sum(refused IS 1) >= sum(refused IS 0))
GROUP BY client_ip
ORDER BY refused DESC, client_ip;
