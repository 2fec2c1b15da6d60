-- The two legs of each login that a proxy passed on: how it was written in and out, and both verdicts
SELECT username, client_ip AS client, proxy_ip AS proxy, server_ip AS server,
       username_form_in || ' ' || coalesce(password_form_in, '-') AS "in",
       username_form_out || ' ' || coalesce(password_form_out, '-') AS out,
       rules_out AS broken_out, result_out AS server_said, result_in AS proxy_said, round(delay_ms, 1) AS ms
FROM proxied
ORDER BY rules_out IS NULL, time_ns, outbound_login_id;
