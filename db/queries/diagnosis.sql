-- One sentence for each client and server: who is at fault, what to do, and what was not seen
SELECT verdict, diagnosis
FROM diagnosis
WHERE (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR server_ip IN (SELECT value FROM json_each(:server)))
ORDER BY CASE verdict WHEN 'proved' THEN 0 WHEN 'likely' THEN 1 WHEN 'tolerated' THEN 2 WHEN 'unknown' THEN 3
             WHEN 'unrelated' THEN 4 WHEN 'no finding' THEN 5 ELSE 6 END,
         refused DESC, client_ip, server_ip;
