#!/usr/bin/env bash
# measure speed and size beside other programs, on real sound, and write docs/benchmarks.md
#
# Takes about four minutes after the build. Nothing else should run meanwhile: the load is written into the document.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh build test bench

scripts/models.sh
python=$(scripts/peers.sh satellite)
frames=$(scripts/peers.sh frames)

echo "bench: building for release, then measuring" >&2
cargo bench --quiet --bench main_job -- "$python" "$frames" docs/benchmarks.md
