-- What a sample must yield, without anything that depends on the run (ids, absolute times).
-- sqlite3 -readonly -csv -header -nullvalue NULL DATABASE < truth.sql
SELECT state, packets FROM captures;

SELECT vlan, client_ip, client_port, server_ip, server_port, community_id, encryption, midstream, one_sided,
       lost_octets, greeting, capabilities,
       (SELECT count(*) FROM logins WHERE connection_id = connections.id) AS logins
  FROM connections
 ORDER BY first_ns, vlan;

SELECT frame, vlan, client_ip, client_port, server_ip, server_port, tag, command, mechanism,
       username, username_form, username_length, password_form, password_length, exposure,
       result, response_code, response_text, after_result, after_text
  FROM logins JOIN connections ON connections.id = connection_id
 ORDER BY frame, tag;

SELECT frame, tag, rule, argument, position, count, octets
  FROM violations JOIN logins ON logins.id = login_id
 ORDER BY frame, tag, rule, argument;
