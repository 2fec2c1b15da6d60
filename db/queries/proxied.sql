-- The two legs of each login that a proxy passed on: how it came in, how it went out, and how both were answered
SELECT username, client_ip, result_in, cause, round(delay_ms, 1) AS delay_ms,
       proxy_ip || ' received '
           || CASE username_form_in WHEN 'atom' THEN 'an atom' WHEN 'quoted' THEN 'a quoted string' WHEN 'sasl' THEN 'a SASL response'
                  ELSE 'a ' || username_form_in END
           || CASE WHEN password_form_in <> username_form_in THEN ' and '
                  || CASE password_form_in WHEN 'atom' THEN 'an atom' WHEN 'quoted' THEN 'a quoted string'
                         WHEN 'sasl' THEN 'a SASL response' ELSE 'a ' || password_form_in END
                  ELSE '' END
           || ', sent '
           || CASE username_form_out WHEN 'atom' THEN 'an atom' WHEN 'quoted' THEN 'a quoted string' WHEN 'sasl' THEN 'a SASL response'
                  ELSE 'a ' || username_form_out END
           || CASE WHEN password_form_out <> username_form_out THEN ' and '
                  || CASE password_form_out WHEN 'atom' THEN 'an atom' WHEN 'quoted' THEN 'a quoted string'
                         WHEN 'sasl' THEN 'a SASL response' ELSE 'a ' || password_form_out END
                  ELSE '' END
           || ' to ' || server_ip || coalesce(' (' || server_product || ')', '') || ': '
           || coalesce(result_out, 'no verdict was seen') || coalesce(', ' || rules_out, '') AS legs
FROM proxied
WHERE (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR username = :user COLLATE NOCASE)
ORDER BY rules_out IS NULL, time_ns, outbound_login_id;
