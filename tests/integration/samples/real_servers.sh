#!/bin/bash
# Real servers and clients, running now: real_servers.sh IMAPTAP
# Records hoodiecrow and Dovecot with imaplib, curl, fetchmail and raw clients afresh, reads the captures, and checks every
# row against the truth worked out from tshark's octets, and the verdicts against what these servers are known to do.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
imaptap=$1
if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: recording needs root (network namespaces, tcpdump)"
    exit 77
fi
"$samples/make/all" "$work/fresh" hoodiecrow dovecot ipv6 vlan || {
    status=$?
    [ $status -ne 77 ] || echo "skipped: network namespaces are not permitted here"
    exit $status
}

for name in hoodiecrow dovecot ipv6 vlan; do
    "$imaptap" read -q -d "$work/$name.db" "$work/fresh/$name.pcap" >"$work/summary"
    echo "$name:"
    same_rows "$work/$name.db" "$samples/truth.sql" "$work/fresh/$name.expected"
done

cat >"$work/verdicts.sql" <<'SQL'
SELECT client_ip AS client, username, username_form || ' ' || password_form AS forms, result,
       (SELECT group_concat(rule || ' ' || argument, ', ') FROM (SELECT rule, argument FROM violations
         WHERE login_id = logins.id ORDER BY rule, argument)) AS broken
  FROM logins JOIN connections ON connections.id = connection_id
 ORDER BY time_ns, tag;
SQL
cat >"$work/hoodiecrow.verdicts" <<'CSV'
client,username,forms,result,broken
192.0.2.10,clean.user,"atom quoted",OK,NULL
192.0.2.10,star*user,"atom quoted",BAD,"unquoted-wildcard username"
192.0.2.10,per%cent,"atom quoted",BAD,"unquoted-wildcard username"
192.0.2.10,tulpen,"atom quoted",OK,NULL
192.0.2.10,CORP\bob,"atom quoted",BAD,"unquoted-special username"
192.0.2.10,clean.user,"atom quoted",NO,NULL
192.0.2.11,clean.user,"atom atom",OK,NULL
192.0.2.11,star*user,"quoted atom",OK,NULL
192.0.2.11,per%cent,"quoted atom",OK,NULL
192.0.2.11,tulpen,"atom quoted",OK,NULL
192.0.2.11,CORP\bob,"quoted atom",OK,NULL
192.0.2.12,star*user,"literal literal",OK,NULL
192.0.2.12,star*user,"atom atom",BAD,"unquoted-wildcard username"
192.0.2.12,star*user,"quoted quoted",OK,NULL
192.0.2.12,tulpen,"atom atom",BAD,"unquoted-wildcard password"
192.0.2.12,tulpen,"atom quoted",OK,NULL
192.0.2.12,star*user,"literal+ quoted",BAD,"unadvertised-literal username"
CSV
cat >"$work/dovecot.verdicts" <<'CSV'
client,username,forms,result,broken
198.51.100.10,clean.user,"atom quoted",OK,NULL
198.51.100.10,star*user,"atom quoted",OK,"unquoted-wildcard username"
198.51.100.10,per%cent,"atom quoted",OK,"unquoted-wildcard username"
198.51.100.10,krokus,"atom quoted",OK,NULL
198.51.100.10,CORP\bob,"atom quoted",OK,"unquoted-special username"
198.51.100.10,clean.user,"atom quoted",NO,NULL
198.51.100.10,clean.user,"quoted quoted",OK,NULL
198.51.100.10,star*user,"quoted quoted",OK,NULL
198.51.100.10,krokus,"quoted quoted",OK,NULL
198.51.100.12,star*user,"literal literal",OK,NULL
198.51.100.12,star*user,"literal+ literal+",OK,NULL
198.51.100.12,star*user,"literal quoted",OK,"literal-not-awaited username"
198.51.100.12,"two words","literal quoted",OK,NULL
198.51.100.12,krokus,"atom atom",OK,"unquoted-wildcard password"
198.51.100.12,b(ob,"atom quoted",BAD,"unquoted-special username"
198.51.100.12,CORPbob,"quoted quoted",NO,"bad-quoted username"
198.51.100.12,per%cent,"atom quoted",OK,"unquoted-wildcard username"
198.51.100.12,clean.user,"atom atom",NO,NULL
198.51.100.12,star*user,"atom atom",NO,"unquoted-wildcard username"
198.51.100.12,star*user,"quoted atom",OK,NULL
198.51.100.12,star*user,"atom quoted",OK,"unquoted-wildcard username"
198.51.100.12,clean.user,"atom quoted",OK,NULL
CSV
for name in hoodiecrow dovecot; do
    echo "$name, verdicts:"
    same_rows "$work/$name.db" "$work/verdicts.sql" "$work/$name.verdicts"
done
