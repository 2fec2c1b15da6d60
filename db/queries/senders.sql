-- Who sends logins to whom, and whether wildcards are quoted: the client or proxy to repair
SELECT client_ip AS client, server_ip AS server, server_product, verdict, logins,
       wildcard_unquoted AS unquoted, wildcard_quoted AS quoted, wildcard_refused AS unquoted_refused,
       refused, unanswered
FROM senders
ORDER BY wildcard_unquoted DESC, wildcard_refused DESC, logins DESC, client_ip, server_ip;
