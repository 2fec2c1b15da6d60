-- Clients that look like guessing: at least 10 logins refused in 10 minutes, and no fewer than were let in
SELECT client_ip, sum(logins) AS logins, sum(refused) AS refused, max(users) AS most_users,
       sum(let_in) AS let_in, max(refused) AS most_refused,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(first_ns) / 1000000000, 'unixepoch') AS first_time,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(last_ns) / 1000000000, 'unixepoch') AS last_time, max(servers) AS servers
FROM guessing
WHERE (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL
       OR client_ip IN (SELECT c.client_ip FROM connections c WHERE c.server_ip IN (SELECT value FROM json_each(:server))))
GROUP BY client_ip
ORDER BY refused DESC, client_ip;
