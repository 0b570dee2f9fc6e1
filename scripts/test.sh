#!/usr/bin/env bash
# Runs every test and ends with one line that adds up all the test programs: `N passed, N failed, N skipped`.
set -uo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo test --workspace --features demo --no-fail-fast "$@" 2>&1 | tee "$log"
outcome=${PIPESTATUS[0]}

echo
awk '/^test result:/ { passed += $4; failed += $6; skipped += $8 }
     END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$log"
exit "$outcome"
