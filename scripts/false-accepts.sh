#!/usr/bin/env bash
# Counts how often each wake word is heard where nobody says it, and prints the table for docs/hearing.md.
#
# usage: scripts/false-accepts.sh
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/models.sh
place=$(scripts/corpora.sh)

cat <<'END'
Times that a word was heard where nobody says it, and in brackets per hour; each word listens alone, sensitivity 0.5.
Speech: prompts of telephone exchanges, read by people, in English, Spanish, Italian and Russian. Music and effects: of
games.

END
cargo run --quiet --release -p auricle-core --example false_accepts -- \
  "human speech=$place/speech.wav" "music and effects=$place/music.wav"
