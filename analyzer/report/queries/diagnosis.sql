-- What the view diagnosis says, the worst first; ?1: how many.
SELECT client_ip, server_ip, server_port, server_product, cause, verdict, logins, users, diagnosis
FROM diagnosed
ORDER BY rowid
LIMIT ?1;
