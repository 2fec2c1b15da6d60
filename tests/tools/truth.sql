-- The rows that generate_imap.py writes as its truth: how many connections, then one row a login, its violations in one column.
-- sqlite3 -readonly -csv -header -nullvalue NULL DATABASE < truth.sql
SELECT count(*) AS connections FROM connections;

SELECT frame, client_ip, client_port, server_ip, server_port, greeting, capabilities,
       tag, username, username_form, username_length, password_form, exposure,
       result, response_code, response_text, after_result, after_text,
       (SELECT group_concat(violation, ' ')
          FROM (SELECT rule || '/' || argument || '/' || coalesce(position, '') || '/' || coalesce(count, '') || '/' ||
                       coalesce(octets, '') AS violation
                  FROM violations WHERE login_id = logins.id ORDER BY 1)) AS violations
  FROM logins JOIN connections ON connections.id = connection_id
 ORDER BY frame;
