#!/bin/bash
# No octet of a password gets out of imaptap: secrets.sh IMAPTAP
# Reads every sample in every way, asks for everything in every format, and searches all that was written (outputs, databases,
# journals caught while it ran or left behind by a killed run) for the passwords. First the search proves that it finds them.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
imaptap=$1
mkdir "$work/out" "$work/planted"
search() { # FILE OR FOLDER...: prints where a password stands, and fails if none does
    "$python" "$here/find_secrets.py" "$samples/passwords.txt" "$@"
}

# -- the search finds what it must find -------------------------------------------------------------------
"$python" "$here/find_secrets.py" "$samples/passwords.txt" --self-test
for capture in "$samples"/*.pcap*; do
    search "$capture" >/dev/null || { echo "no password found in $capture, which holds some"; exit 1; }
done

# -- everything that imaptap writes -----------------------------------------------------------------------
cd "$work/out"
ulimit -c unlimited # a core file would land here, too
captures=("$samples"/*.pcap*)
"$imaptap" read -d read.db "${captures[@]}" >read.out 2>read.err
"$imaptap" read -d again.db "${captures[@]}" >again.out 2>again.err
"$imaptap" read -d again.db "${captures[@]}" >again2.out 2>again2.err
"$imaptap" read -q -d quiet.db "${captures[@]}" >quiet.out 2>quiet.err
script -qec "'$imaptap' read -d terminal.db ${captures[*]@Q}" terminal.out >/dev/null </dev/null
cat "${captures[0]}" | "$imaptap" read -d pipe.db - >pipe.out 2>pipe.err
logins=$(sqlite3 -readonly read.db 'SELECT count(*) FROM logins')
[ "$logins" -gt 100 ] || { echo "only $logins logins were read: nothing is tested"; exit 1; }

for format in table csv json ndjson; do
    for query in "$root"/db/queries/*.sql; do
        name=$(basename "$query" .sql)
        "$imaptap" query -d read.db --format $format "$name" >"query-$name.$format" 2>"query-$name.$format.err"
    done
    for relation in $(sqlite3 -readonly read.db "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"); do
        "$imaptap" query -d read.db --format $format "SELECT * FROM $relation" >"all-$relation.$format" 2>"all-$relation.$format.err"
    done
done
"$imaptap" query -d read.db "SELECT * FROM nowhere" >bad.out 2>bad.err || true
"$imaptap" rules >rules.out 2>rules.err
"$imaptap" read -d shape.db --password-shape --verify-checksums "${captures[@]}" >shape.out 2>shape.err
"$imaptap" read -d mask.db --mask-users "${captures[@]}" >mask.out 2>mask.err
for format in text json sarif; do
    sed 's/^/a1 LOGIN star*user /' "$samples/passwords.txt" | "$imaptap" lint --format $format >lint.$format 2>lint.$format.err || true
    [ -s lint.$format ] || { echo "lint says nothing as $format"; exit 1; }
done
mkdir "$work/span"
"$imaptap" read -d follow.db --follow "$work/span" >follow.out 2>follow.err &
following=$!
cp "$samples/hoodiecrow.pcap" "$work/span/new.pcap"
for _ in $(seq 200); do
    [ "$(sqlite3 -readonly follow.db 'SELECT count(*) FROM logins' 2>/dev/null || echo 0)" -gt 5 ] && break
    sleep 0.1
done
kill -INT $following
wait $following || true
[ "$(sqlite3 -readonly follow.db 'SELECT count(*) FROM logins')" -gt 5 ] || { echo "nothing was followed"; exit 1; }
"$imaptap" report -d read.db >report.out 2>report.err
"$imaptap" report -d read.db --html report.html --csv report >report-html.out 2>report-html.err
"$imaptap" compare -d read.db --before 1 --after 2 >compare.out 2>compare.err
"$imaptap" compare -d read.db --before 1 --after 2 --format json >compare.json 2>compare.json.err
"$imaptap" compare read.db again.db --html compare.html >compare-html.out 2>compare-html.err
[ -s report.html ] && [ -s report/findings.csv ] && [ -s compare.html ]
grep -qF '********' report.html report.out report/findings.csv
sqlite3 -readonly read.db .dump >dump.sql

# -- journals: copies taken while a run goes on, and what a killed run leaves behind --------------------------
"$python" "$tools/generate_imap.py" --connections 5000 --out "$work/big.pcap"
mkdir running
"$imaptap" read -q -d running/big.db "$work/big.pcap" >running/big.out &
reading=$!
copies=0
while kill -0 $reading 2>/dev/null; do
    for file in running/big.db*; do
        [ -s "$file" ] && cp "$file" "running/copy-$((copies++))" 2>/dev/null || true
    done
    sleep 0.02
done
wait $reading
"$imaptap" read -q -d killed.db "$work/big.pcap" >killed.out &
reading=$!
for _ in $(seq 200); do
    [ -s killed.db-journal ] || [ -s killed.db-wal ] && break
    kill -0 $reading 2>/dev/null || break
    sleep 0.01
done
kill -KILL $reading 2>/dev/null || true
wait $reading 2>/dev/null || true

found=0
search "$work/out" && found=1
# The generator's passwords all begin alike.
grep -raF 'Geheim-' "$work/out" && found=1
if [ $found -ne 0 ]; then
    echo "a password was written"
    exit 1
fi
echo "$(find "$work/out" -type f | wc -l) files searched, $copies of them copies of a running database, $logins logins read"
