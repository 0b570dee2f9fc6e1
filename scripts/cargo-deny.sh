#!/usr/bin/env bash
# Runs the one version of cargo-deny that deny.toml is written for: the one on the PATH, else one of our own, built
# once beside the other build products. Nothing of the user's is replaced.
#
# usage: scripts/cargo-deny.sh ARGUMENT…
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.20.2
tools=$(realpath -m "${CARGO_TARGET_DIR:-target}/tools")

has_version() { [ "$("$1" --version 2>/dev/null)" = "cargo-deny $version" ]; }

deny=cargo-deny
if ! has_version "$deny"; then
  deny=$tools/bin/cargo-deny
  if ! has_version "$deny"; then
    echo "building cargo-deny $version (once)" >&2
    # It runs for a second: time spent on making it fast would be lost.
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
      cargo install --quiet --locked --force --root "$tools" --target-dir "$tools/build" --version "$version" cargo-deny
    rm -rf "$tools/build"
  fi
fi
exec "$deny" --log-level warn "$@"
