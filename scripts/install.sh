#!/bin/sh
# Puts the program and the wake words into PREFIX (/usr/local), and the sample settings into /etc/auricle, if there are none yet.
set -eu
cd "$(dirname "$0")/.."
root=
if [ "$(id -u)" != 0 ]; then root=sudo; fi
prefix="${PREFIX:-/usr/local}"
settings="${DESTDIR:-}/etc/auricle/auricle.toml"
$root install -Dm755 "${CARGO_TARGET_DIR:-target}/release/auricle" "${DESTDIR:-}$prefix/bin/auricle"
echo "installed ${DESTDIR:-}$prefix/bin/auricle"
$root install -Dm644 -t "${DESTDIR:-}$prefix/share/auricle/models" models/*.tflite models/*.json
echo "installed ${DESTDIR:-}$prefix/share/auricle/models"
if [ -e "$settings" ]; then
    echo "kept      $settings"
else
    $root install -Dm644 config/auricle.toml "$settings"
    echo "installed $settings: tell it your server there, then run 'auricle check'"
fi
