#!/bin/bash
# One sample yields exactly its rows: sample.sh IMAPTAP NAME
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
imaptap=$1 name=$2
"$imaptap" read -q -d "$work/sample.db" "$(sample_file "$name")" >"$work/summary"
same_rows "$work/sample.db" "$samples/truth.sql" "$samples/$name.expected"
