#!/bin/sh
# Install what the tests need from Debian: a browser, Chinese fonts, PostgreSQL with PostGIS.
# Where it may not (not root, no apt) it says what is missing; the tests then skip with a reason,
# or fail when CI=true.
set -u
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
fc-list 2>/dev/null | grep -qi "noto sans cjk" || missing="$missing fonts-noto-cjk"
[ -e /usr/share/postgresql/15/extension/postgis.control ] || missing="$missing postgresql-15-postgis-3"
[ -n "$missing" ] || exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "Not installed here:$missing. Install them with your package manager to run every test." >&2
fi
