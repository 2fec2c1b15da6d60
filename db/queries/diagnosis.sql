-- Why logins failed, a row a client, server and cause: who is at fault, how sure that is, what to do; and what was not seen
SELECT client_ip, server_ip, server_port, cause, verdict, logins, users, diagnosis
FROM diagnosis
WHERE (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR server_ip IN (SELECT value FROM json_each(:server)))
ORDER BY CASE verdict WHEN 'proved' THEN 0 WHEN 'likely' THEN 1 WHEN 'tolerated' THEN 2 WHEN 'unknown' THEN 3
             WHEN 'unrelated' THEN 4 WHEN 'no finding' THEN 5 ELSE 6 END,
         logins DESC, client_ip, server_ip, server_port, cause;
