-- Users that a login which breaks a rule kept out, a row a user and server; ?1: how many.
SELECT username, server_ip, server_product, refused, certainty, clients, rules, first_time, last_time, got_in, got_in_by
FROM affected
ORDER BY rowid
LIMIT ?1;
