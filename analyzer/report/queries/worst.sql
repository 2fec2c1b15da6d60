-- The worst findings, with those that are the same but for time and place shown once; ?1: how many.
SELECT j.rowid AS number, w.times, j.verdict, v.rule, r.severity, r.title, v.argument, v.position, v.count, v.octets,
       l.username, l.username_form, l.username_length, l.password_form, l.command, l.mechanism, l.tag,
       l.result, l.response_code, l.response_text, j.refused, l.after_text,
       c.client_ip, c.client_port, c.server_ip, c.server_port, c.server_product, l.time_ns, p.source AS capture, l.frame,
       r.reference, r.remedy, q.position AS quote_position, q.count AS quote_count, q.octets AS quote_octets
FROM (SELECT min(rowid) AS number, count(*) AS times
      FROM judged
      GROUP BY client_ip, server_ip, username, rule, argument, verdict
      ORDER BY number
      LIMIT ?1) w
CROSS JOIN judged j ON j.rowid = w.number
JOIN violations v ON v.id = j.violation_id
JOIN rules r ON r.rule = v.rule
JOIN logins l ON l.id = j.login_id
JOIN connections c ON c.id = l.connection_id
JOIN captures p ON p.id = l.capture_id
LEFT JOIN violations q ON q.login_id = j.login_id AND q.rule = 'bad-quoted' AND q.argument = 'username'
ORDER BY w.number;
