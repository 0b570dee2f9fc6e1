#!/usr/bin/env bash
# measure speed and size beside other programs, on real sound, and write docs/benchmarks.md
#
# Takes about four minutes after the build. Nothing else should run meanwhile: the load is written into the document.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh build test bench

# Debian's own Python, for which setup.sh installs what is needed; elsewhere any other.
python=/usr/bin/python3; [ -x "$python" ] || python=python3
peers=$(realpath -m "${CARGO_TARGET_DIR:-target}/peers")
if ! "$peers/bin/python" -c 'import wyoming_satellite' 2>/dev/null; then
  echo "bench: installing wyoming-satellite from PyPI into $peers (once)" >&2
  rm -rf "$peers"
  "$python" -m venv "$peers"
  if ! "$peers/bin/pip" install --quiet --disable-pip-version-check -r benches/peers/requirements.txt; then
    rm -rf "$peers"
    echo "bench: pip could not install the peers, see above; they come from PyPI, which needs the network" >&2; exit 1
  fi
fi

echo "bench: building for release, then measuring" >&2
cargo bench --quiet --bench main_job -- "$peers/bin/python" docs/benchmarks.md
