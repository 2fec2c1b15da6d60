-- The rules that were broken, and how often.
SELECT r.rule, r.severity, r.title, r.reference, r.remedy, r.rfc2060, r.rfc3501, r.rfc9051, v.times
FROM (SELECT v.rule, count(*) AS times FROM violations v CROSS JOIN logins l ON l.id = v.login_id GROUP BY v.rule) v
JOIN rules r ON r.rule = v.rule
ORDER BY v.rule <> 'unquoted-wildcard',
         CASE r.severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, v.times DESC, v.rule;
