-- Every login, one row each: when, from where to where, who, how, with which result, why it failed, which rules it broke
SELECT substr(time, 1, 19) || 'Z' AS time, client_ip, client_port, server_ip, server_port, username,
       command, mechanism, username_form, result, cause, certainty, rules, exposure, capture, frame
FROM login_list
WHERE (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR username = :user COLLATE NOCASE)
  AND (:rule IS NULL OR EXISTS (SELECT 1 FROM violations v WHERE v.login_id = login_list.login_id AND v.rule = :rule))
ORDER BY time_ns, login_id;
