#!/usr/bin/env bash
# Compares the wake words with the Python package pymicro-wakeword: features, probabilities and hits over 17 minutes of
# people, machines, noise and the words themselves, and what a second of sound costs. Fails where they differ, or where it
# costs more than a third. What needs no Python is in `make test`: known vectors of the front end and of each model.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
scripts/models.sh

python=$(scripts/peers.sh wake)
cargo test --quiet --release -p auricle-core --features peers --test wake_numerics -- --nocapture
cargo run --quiet --release -p auricle-core --example bench_wake -- "$python"
