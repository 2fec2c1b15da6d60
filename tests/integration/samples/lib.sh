# shellcheck shell=bash
# Shared by the tests beside it: where things are, a temporary folder, and the comparison of rows. Sourced, never run.
set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
samples=$root/samples
tools=$root/tests/tools
python=/usr/bin/python3
work=$(mktemp -d /tmp/imaptap-test.XXXXXX)
trap 'rm -rf "$work"' EXIT

sample_file() { # NAME: its capture, whatever the format
    ls "$samples/$1".pcap*
}

rows() { # DATABASE QUERY_FILE: its rows as csv, as the files of truth have them
    sqlite3 -readonly -csv -header -nullvalue NULL "$1" <"$2" | tr -d '\r'
}

same_rows() { # DATABASE QUERY_FILE EXPECTED_FILE: says what differs, and fails
    local status=0
    rows "$1" "$2" >"$work/found"
    diff -U 1 --label expected --label found "$3" "$work/found" >"$work/difference" || status=$?
    if [ $status -ne 0 ]; then
        head -60 "$work/difference"
        echo "rows differ: $(grep -c '^-[^-]' "$work/difference" || true) expected and not found," \
            "$(grep -c '^+[^+]' "$work/difference" || true) found and not expected"
        return 1
    fi
    echo "$(wc -l <"$3") lines as expected"
}
