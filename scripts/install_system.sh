#!/bin/sh
# Install what the tests need from Debian or Ubuntu: a browser, Chinese fonts, PostgreSQL with PostGIS, and
# the proxies of docs/operations.md with what asks them.
#
# Nothing happens where all is there. Where it may not install (not root, no apt) or cannot (no network)
# it says what is missing and goes on: the tests then skip with a reason, or fail when CI=true.
set -u

say_missing() {
    echo "Not installed here: $*. Install it with your package manager to run every test." >&2
    exit 0
}

has_postgis() {
    for control in /usr/share/postgresql/*/extension/postgis.control; do
        [ -e "$control" ] && return 0
    done
    return 1
}

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
fc-list 2>/dev/null | grep -qi "noto sans cjk" || missing="$missing fonts-noto-cjk"
has_postgis || missing="$missing postgresql-postgis"
for program in nginx caddy curl openssl; do
    PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null 2>&1 || missing="$missing $program"
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ] || say_missing $missing

export DEBIAN_FRONTEND=noninteractive
echo "Installing$missing …"
apt-get update -qq || say_missing $missing
for package in $missing; do
    if [ "$package" = postgresql-postgis ]; then
        # The server module alone, for the version of PostgreSQL this system carries.
        package=$(apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' | sort -V | tail -n 1 | cut -d' ' -f1)
        [ -n "$package" ] || package=postgresql-postgis
    fi
    [ "$package" = nginx ] && package=nginx-light
    apt-get install -y -qq --no-install-recommends "$package" >/dev/null || say_missing "$package"
done
