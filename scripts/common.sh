# What scripts/run and scripts/test share: installing Debian's packages, and building. Sourced by them.

# say WORD...: shows at a terminal what is done now.
say() {
    [ ! -t 2 ] || echo "imaptap: $*" >&2
}

build_packages="build-essential cmake pkg-config libpcap-dev libnids-dev libsqlite3-dev nettle-dev libjansson-dev
libseccomp-dev libcap-ng-dev libsystemd-dev zlib1g-dev liblzma-dev libzstd-dev liblz4-dev libbz2-dev"
test_packages="libcmocka-dev python3 iproute2 tcpreplay sqlite3 python3-jsonschema systemd
chromium fonts-dejavu-core poppler-utils" # samples/make/install adds the real servers and clients, and npm where there is none

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "imaptap: $* needs root: run this as root, or install sudo" >&2
        return 1
    fi
}

# install_packages PACKAGE...: installs those that are missing; quick when none is.
install_packages() {
    missing=""
    for package in "$@"; do
        dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    echo "installing:$missing" >&2
    as_root apt-get update -qq >&2 || return 1
    # shellcheck disable=SC2086 # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
}

# keep_log FILE: writes standard input into FILE; a terminal shows how many per cent are built.
keep_log() {
    while IFS= read -r line; do
        printf '%s\n' "$line" >&3
        case $line in
        '['*%']'*) [ ! -t 2 ] || printf '\rimaptap: building: %s' "${line%%]*}]" >&2 ;;
        esac
    done 3>"$1"
    [ ! -t 2 ] || printf '\n' >&2
}

# build FOLDER CMAKE-OPTIONS...: configures when needed, and builds. Silent unless it fails, or on a terminal.
build() {
    folder=$1
    shift
    mkdir -p "$folder" || return 1
    say "building in $folder"
    if cmake -S "$top" -B "$folder" "$@" && cmake --build "$folder" -j"$(nproc)"; then
        echo done
    else
        echo failed
    fi 2>&1 | keep_log "$folder/build.log"
    if [ "$(tail -n 1 "$folder/build.log")" != done ]; then
        cat "$folder/build.log" >&2
        return 1
    fi
    # built through sudo: the folder belongs to whom the tree belongs to
    if [ "$(id -u)" -eq 0 ] && [ -n "${SUDO_UID:-}" ]; then
        chown -R "$SUDO_UID:${SUDO_GID:-0}" "$folder"
    fi
}

# What drives the browser of the tests, from npm, into a cache folder outside the tree: fetched once.
playwright_version=1.65.1
install_browser_driver() {
    cache=${IMAPTAP_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/imaptap-tests}
    grep -qs "\"version\": \"$playwright_version\"" "$cache/node_modules/playwright-core/package.json" && return 0
    mkdir -p "$cache" && (cd "$cache" && npm install --silent --no-audit --no-fund "playwright-core@$playwright_version" >/dev/null)
}

# What checks the metrics, taken out of Debian's package into the same cache: installed, that would start a server.
install_promtool() {
    cache=${IMAPTAP_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/imaptap-tests}
    if command -v promtool >/dev/null || [ -x "$cache/promtool" ]; then
        return 0
    fi
    fetched=$(mktemp -d) || return 1
    mkdir -p "$cache" && (cd "$fetched" && apt-get download -qq prometheus && dpkg-deb --extract prometheus_*.deb .) >/dev/null 2>&1 &&
        mv "$fetched/usr/bin/promtool" "$cache/promtool"
    status=$?
    rm -rf "$fetched"
    return "$status"
}
