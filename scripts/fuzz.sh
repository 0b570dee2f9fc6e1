#!/bin/sh
# feed random bytes to the readers of messages, sound, wake words, WAV files, settings and commands (ARGS="SECONDS TARGET…", default: 60 all)
#
# Needs no cargo-fuzz and no nightly toolchain: the coverage that libFuzzer wants is a pass of the stable compiler.
# What is found is written to fuzz/artifacts; keep it in fuzz/seeds once it is fixed.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- linto answer managemeeting say shellexec startreversessh streaming tts_lang volume model wav settings shell_unit xiaozhi_message xiaozhi_datagram xiaozhi_configuration

host=$(rustc -vV | sed -n 's/^host: //p')
level="-Cllvm-args=-sanitizer-coverage"
# The target directory is the fuzzer's own, so that nothing else is built anew because of the flags.
CARGO_TARGET_DIR=fuzz/target \
RUSTFLAGS="-Cpasses=sancov-module $level-level=4 $level-inline-8bit-counters $level-pc-table $level-trace-compares --cfg fuzzing" \
    cargo build --quiet --release --manifest-path fuzz/Cargo.toml --target "$host"

for target in "$@"; do
    mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
    echo "fuzz: $target for $seconds s"
    log="fuzz/artifacts/$target.log"
    if ! "fuzz/target/$host/release/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -max_len=65536 -print_final_stats=1 -artifact_prefix="fuzz/artifacts/$target/" \
        "fuzz/corpus/$target" "fuzz/seeds/$target" >"$log" 2>&1; then
        tail -n 40 "$log"
        echo "fuzz: $target found something: see fuzz/artifacts/$target and $log" >&2
        exit 1
    fi
    grep -E '^stat::(number|peak)' "$log"
done
