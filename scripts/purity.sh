#!/usr/bin/env bash
# The wall around core/: it opens no descriptor, starts no thread, reads no clock and no environment, prints nothing.
# Two looks: at the crates that it links, and at its own source. Prints each breach and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

# Crates that do one of these things, or only wrap one that does.
crates='tokio|tokio-.*|async-io|async-std|smol|mio|polling|socket2|nix|libc|rustix|linux-raw-sys|signal-hook.*'
crates+='|getrandom|rand|fastrand|tempfile|memmap2?|alsa|alsa-sys|native-tls|openssl|openssl-sys|rustls|rumqttc'
crates+='|hyper|hyper-.*|axum|ureq|reqwest|jiff|chrono|time|tracing-subscriber|tracing-journald|sd-notify'

# `Instant` and `SystemTime` at any path; `std::time::Duration` is a number and may stay.
source='std::(net|fs|thread|process|env|os)\b|use std::\{.*\b(net|fs|thread|process|env|os)\b'
source+='|\b(Instant|SystemTime)\b|\b(stdin|stdout|stderr)\(\)|\b(e?println|e?print|dbg)!|\bthread_local!|\bunsafe\b'

# `cpufeatures` asks the processor what it can, on Arm through libc's table of the process; nothing else of libc is used.
tree=$(cargo tree --package auricle-core --edges normal --target all --all-features --prune cpufeatures \
  --prefix none --format '{p}')
# Comments may name what the code must not use, and tests may use it.
code=$(find core/src -name '*.rs' ! -name '*tests.rs' -print0 | sort -z | xargs -0 awk '
  FNR == 1 { test = 0 } /^#\[cfg\(test\)\]/ { test = 1 } !test { sub(/\/\/.*/, ""); print FILENAME ":" FNR ": " $0 }')

found=0
if lines=$(sort -u <<<"$tree" | grep -E "^($crates) v"); then
  echo "core/ links crates that reach outside:"; sed 's/^/  /' <<<"$lines"; found=1
fi
if lines=$(grep -E "$source" <<<"$code"); then
  echo "core/ reaches outside in its source:"; sed 's/^/  /' <<<"$lines"; found=1
fi
exit $found
