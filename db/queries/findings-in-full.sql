-- What findings shows, with all that is kept around it: --schema writes it in the names of others
SELECT *
FROM findings
WHERE (:rule IS NULL OR rule = :rule)
  AND (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR username = :user COLLATE NOCASE)
ORDER BY time_ns, violation_id;
