-- Users whose login broke a rule and was refused, and whether they got in another way
SELECT username, server_ip AS server, refused, rules, clients,
       substr(first_time, 1, 19) || 'Z' AS first, substr(last_time, 1, 19) || 'Z' AS last, got_in, got_in_by
FROM affected_users
ORDER BY refused DESC, username, server_ip;
