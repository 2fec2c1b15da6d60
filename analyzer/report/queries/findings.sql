-- Every finding, the worst first; ?1: how many.
SELECT j.rowid AS number, j.verdict, v.rule, r.severity, r.title, v.argument, v.position, v.count, v.octets,
       l.username, l.username_form, l.username_length, l.password_form, l.command, l.mechanism, l.tag,
       l.result, l.response_code, l.response_text, j.refused, l.after_text,
       c.client_ip, c.client_port, c.server_ip, c.server_port, c.server_product, l.time_ns, p.source AS capture, l.frame,
       r.reference, r.remedy,
       -- a backslash that stood in the name as sent, but not in the name as a server sees it
       q.position AS quote_position, q.count AS quote_count, q.octets AS quote_octets
FROM judged j
CROSS JOIN violations v ON v.id = j.violation_id
JOIN rules r ON r.rule = v.rule
JOIN logins l ON l.id = j.login_id
JOIN connections c ON c.id = l.connection_id
JOIN captures p ON p.id = l.capture_id
LEFT JOIN violations q ON q.login_id = j.login_id AND q.rule = 'bad-quoted' AND q.argument = 'username'
ORDER BY j.rowid
LIMIT ?1;
