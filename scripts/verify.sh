#!/usr/bin/env bash
# what takes long: the package on fresh machines, fuzzing, hearing and wake words, a day of sound, the demo again and again
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${FUZZ_SECONDS:-60}"
rounds="${DEMO_ROUNDS:-10}"

scripts/setup.sh build demo test
scripts/models.sh

echo "== package: installed, upgraded, removed and purged on fresh Debian machines"
scripts/verify-deb.sh
if [ "$(dpkg --print-architecture)" != arm64 ]; then scripts/verify-deb-arm64.sh; fi

echo "== fuzz: $seconds s per target"
scripts/fuzz.sh "$seconds"

echo "== hearing: missed, cut, delays and cost over voices and noises"
cargo run --quiet --release -p auricle-core --example hearing_cost

echo "== wake words: the same features, probabilities and hits as the Python package, at a third of its cost"
scripts/wake-parity.sh

echo "== wake words: false accepts per hour over human speech, music and effects"
scripts/false-accepts.sh

echo "== hearing: a day of sound, in constant memory"
scripts/day.sh

echo "== soak: the demo, $rounds times"
cargo build --quiet --features demo
for round in $(seq "$rounds"); do
    "${CARGO_TARGET_DIR:-target}/debug/auricle" demo >"${TMPDIR:-/tmp}/auricle-demo-$$.log" || {
        cat "${TMPDIR:-/tmp}/auricle-demo-$$.log"
        echo "the demo failed in round $round"
        exit 1
    }
done
rm -f "${TMPDIR:-/tmp}/auricle-demo-$$.log"
echo "$rounds demos passed"
