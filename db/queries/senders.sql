-- Who sends logins to whom, and whether wildcards are quoted: the client or proxy to repair
SELECT client_ip, server_ip, server_product, verdict, logins,
       wildcard_unquoted, wildcard_quoted, wildcard_refused, refused, unanswered,
       strftime('%Y-%m-%dT%H:%M:%SZ', last_unquoted_ns / 1000000000, 'unixepoch') AS last_unquoted_time,
       strftime('%Y-%m-%dT%H:%M:%SZ', quoted_since_ns / 1000000000, 'unixepoch') AS quoted_since_time
FROM senders
WHERE (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR server_ip IN (SELECT value FROM json_each(:server)))
ORDER BY wildcard_unquoted DESC, wildcard_refused DESC, logins DESC, client_ip, server_ip;
