-- The two legs of each login that a proxy passed on: how it came in, how it went out, and what both were told
SELECT username, client_ip AS client, result_in AS client_told, round(delay_ms, 1) AS ms,
       proxy_ip || ' received '
           || replace(replace(replace(replace(forms_in, 'quoted', 'a quoted string'), 'atom', 'an atom'),
                              'literal', 'a literal'), 'sasl', 'a SASL response')
           || ', sent '
           || replace(replace(replace(replace(forms_out, 'quoted', 'a quoted string'), 'atom', 'an atom'),
                              'literal', 'a literal'), 'sasl', 'a SASL response')
           || ' to ' || server_ip || coalesce(' (' || server_product || ')', '') || ': '
           || coalesce(result_out, 'no verdict was seen') || coalesce(', ' || rules_out, '') AS legs
FROM (SELECT *, username_form_in || CASE WHEN password_form_in <> username_form_in
                                         THEN ' and ' || password_form_in ELSE '' END AS forms_in,
             username_form_out || CASE WHEN password_form_out <> username_form_out
                                       THEN ' and ' || password_form_out ELSE '' END AS forms_out
      FROM proxied)
WHERE (:client IS NULL OR client_ip IN (SELECT value FROM json_each(:client)))
  AND (:server IS NULL OR server_ip IN (SELECT value FROM json_each(:server)))
  AND (:user IS NULL OR username = :user COLLATE NOCASE)
ORDER BY rules_out IS NULL, time_ns, outbound_login_id;
