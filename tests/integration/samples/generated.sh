#!/bin/bash
# A generated capture yields exactly the rows of its known truth: generated.sh IMAPTAP [OPTIONS OF generate_imap.py...]
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
imaptap=$1
shift
"$python" "$tools/generate_imap.py" --out "$work/big.pcap" --truth "$work/big.csv" "$@"
"$imaptap" read -q -d "$work/big.db" "$work/big.pcap" >"$work/summary"
same_rows "$work/big.db" "$tools/truth.sql" "$work/big.csv"
