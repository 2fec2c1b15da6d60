-- Every login that broke the IMAP grammar, unquoted wildcards first (exposed passwords: see cleartext-logins)
SELECT severity, rule, argument, octets, username,
       CASE WHEN length(command_line) > 72 THEN substr(command_line, 1, 69) || '...' ELSE command_line END AS command_line,
       result, (SELECT k.cause FROM causes k WHERE k.login_id = findings.login_id) AS cause,
       client_ip, server_ip, server_port,
       substr(time, 1, 19) || 'Z' AS time, capture, frame
FROM findings
WHERE (:rule IS NULL OR rule = :rule)
  AND (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR username = :user COLLATE NOCASE)
ORDER BY CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, rule <> 'unquoted-wildcard', rule, time_ns,
         violation_id;
