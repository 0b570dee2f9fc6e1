#!/bin/sh
# Puts the program into PREFIX (/usr/local) and the sample settings into /etc/auricle, if there are none yet.
set -eu
cd "$(dirname "$0")/.."
root=
if [ "$(id -u)" != 0 ]; then root=sudo; fi
prefix="${PREFIX:-/usr/local}"
settings="${DESTDIR:-}/etc/auricle/auricle.toml"
$root install -Dm755 "${CARGO_TARGET_DIR:-target}/release/auricle" "${DESTDIR:-}$prefix/bin/auricle"
echo "installed ${DESTDIR:-}$prefix/bin/auricle"
if [ -e "$settings" ]; then
    echo "kept      $settings"
else
    $root install -Dm644 config/auricle.toml "$settings"
    echo "installed $settings: tell it your server there, then run 'auricle check'"
fi
