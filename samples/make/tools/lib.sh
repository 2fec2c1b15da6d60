# shellcheck shell=bash
# Shell functions shared by the scripts that record samples: namespaces, servers, tcpdump, and clearing up.
# Sourced, never run. A script calls sample_begin, lays its network, starts servers, records, and ends; whatever it
# started is stopped and removed when it exits, also after an error.
set -euo pipefail
export LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin"

make_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools_dir=$make_dir/tools
python=/usr/bin/python3 # Debian's: the samples show what its imaplib sends

work=     # temporary folder of this run
out=      # where the capture goes
run_id=$$ # keeps the namespaces of two runs apart
namespaces=()
children=()
dovecot_confs=()

sample_begin() { # FILE: the capture to write
    out=$1
    work=$(mktemp -d /tmp/imaptap-sample.XXXXXX)
    chmod 755 "$work"
    trap sample_end EXIT
    trap 'exit 130' INT TERM
    if ! ip netns add "it$run_id-probe" 2>"$work/netns.err"; then
        echo "$0: network namespaces are not permitted here: $(cat "$work/netns.err")" >&2
        exit 77
    fi
    ip netns del "it$run_id-probe"
}

sample_end() {
    local conf pid ns
    for conf in ${dovecot_confs[@]+"${dovecot_confs[@]}"}; do
        doveadm -c "$conf" stop 2>/dev/null || true
    done
    for pid in ${children[@]+"${children[@]}"}; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    for ns in ${namespaces[@]+"${namespaces[@]}"}; do
        ip netns del "$ns" 2>/dev/null || true
    done
    rm -rf "$work"
}

# namespace NAME: makes a namespace, with loopback, and prints nothing. Use it as inside NAME COMMAND...
namespace() {
    ip netns add "it$run_id-$1"
    namespaces+=("it$run_id-$1")
    inside "$1" sysctl -qw net.ipv6.conf.default.disable_ipv6="${ipv6_off:-1}"
    ip -n "it$run_id-$1" link set lo up
}

inside() { # NAMESPACE COMMAND...
    local ns=it$run_id-$1
    shift
    ip netns exec "$ns" "$@"
}

# cable A IFACE_A MAC_A B IFACE_B MAC_B: a veth pair between two namespaces, both ends up.
cable() {
    ip link add "$2" netns "it$run_id-$1" address "$3" type veth peer name "$5" netns "it$run_id-$4" address "$6"
    ip -n "it$run_id-$1" link set "$2" up
    ip -n "it$run_id-$4" link set "$5" up
}

address() { # NAMESPACE IFACE ADDRESS/PREFIX...
    local ns=it$run_id-$1 iface=$2 one
    shift 2
    for one; do
        case $one in
            *:*) ip -n "$ns" address add "$one" dev "$iface" nodad ;;
            *) ip -n "$ns" address add "$one" dev "$iface" ;;
        esac
    done
}

background() { # NAMESPACE LOGFILE COMMAND...: runs until the sample ends
    local ns=it$run_id-$1 log=$2
    shift 2
    ip netns exec "$ns" "$@" >"$log" 2>&1 &
    children+=($!)
}

listening() { # NAMESPACE PORT [LOGFILE]: waits until something listens on the TCP port
    local i
    for i in $(seq 100); do
        if [ -n "$(inside "$1" ss -Hltn "sport = :$2")" ]; then
            return 0
        fi
        sleep 0.1
    done
    echo "$0: nothing listens on port $2" >&2
    [ -z "${3:-}" ] || cat "$3" >&2
    return 1
}

record() { # NAMESPACE IFACE [TCPDUMP ARGUMENTS...]: starts tcpdump
    local ns=$1 iface=$2 i
    shift 2
    background "$ns" "$work/tcpdump.log" tcpdump -Z root -n --immediate-mode -B 65536 -U -s 0 -i "$iface" -w "$work/raw" "$@"
    recorder=${children[-1]}
    for i in $(seq 100); do
        grep -q 'listening on' "$work/tcpdump.log" && return 0
        sleep 0.1
    done
    cat "$work/tcpdump.log" >&2
    return 1
}

record_pcapng() { # NAMESPACE IFACE: the same with dumpcap, which writes pcapng
    local i
    background "$1" "$work/tcpdump.log" dumpcap -q -B 64 -i "$2" -w "$work/raw"
    recorder=${children[-1]}
    for i in $(seq 100); do
        grep -q '^File:' "$work/tcpdump.log" && sleep 0.5 && return 0
        sleep 0.1
    done
    cat "$work/tcpdump.log" >&2
    return 1
}

record_end() { # stops the recorder and puts the capture in its place; a capture with drops is none
    sleep 0.5
    kill -INT "$recorder"
    wait "$recorder" || true
    if ! grep -qE '^0 packets dropped by kernel|^Packets received/dropped.*/0 \(' "$work/tcpdump.log"; then
        cat "$work/tcpdump.log" >&2
        return 1
    fi
    mv "$work/raw" "$out"
    chmod 644 "$out"
}

# password SAMPLE USER: looks the account up in accounts.tsv
password() {
    awk -F '\t' -v sample="$1" -v user="${2//\\/\\\\}" '$1 == sample && $2 == user { print $3; found = 1 } END { exit !found }' \
        "$make_dir/accounts.tsv"
}

# hoodiecrow NAMESPACE SAMPLE ADDRESS [PLUGIN...]: hoodiecrow-imap on port 143 with the accounts of SAMPLE
hoodiecrow() {
    local ns=$1 sample=$2 host=$3
    shift 3
    hoodiecrow_install
    background "$ns" "$work/hoodiecrow.log" env NODE_PATH="$hoodiecrow_home/node_modules" \
        node --no-deprecation "$tools_dir/hoodiecrow.js" "$make_dir/accounts.tsv" "$sample" "$host" "$@"
    listening "$ns" 143 "$work/hoodiecrow.log"
}

# The npm package is kept in a cache folder outside the tree, so that it is fetched once.
hoodiecrow_home=${IMAPTAP_SAMPLE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/imaptap-samples}
hoodiecrow_install() {
    local version=2.1.0
    if [ ! -f "$hoodiecrow_home/node_modules/hoodiecrow-imap/package.json" ]; then
        mkdir -p "$hoodiecrow_home"
        (cd "$hoodiecrow_home" && npm install --silent --no-audit --no-fund --omit=optional "hoodiecrow-imap@$version" >/dev/null)
    fi
}

# dovecot_start NAMESPACE SAMPLE LISTEN: Dovecot on port 143 with the accounts of SAMPLE, in a folder of its own
dovecot_start() {
    local ns=$1 sample=$2 listen=$3 base=$work/dovecot conf=$work/dovecot.conf
    mkdir -p "$base/run" "$base/mail"
    chmod 755 "$base"
    chown nobody:nogroup "$base/mail"
    awk -F '\t' -v OFS= -v sample="$sample" '$1 == sample && $4 == "" { gsub(/\\/, "&&", $2); print $2, ":{PLAIN}", $3, "::::::" }' \
        "$make_dir/accounts.tsv" >"$base/users"
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=imap.example.com \
        -keyout "$base/key.pem" -out "$base/cert.pem" 2>/dev/null
    sed -e "s|@BASE@|$base|g" -e "s|@LISTEN@|$listen|" "$tools_dir/dovecot.conf.in" >"$conf"
    inside "$ns" dovecot -c "$conf"
    dovecot_confs+=("$conf")
    listening "$ns" 143 "$base/log"
}
