#!/usr/bin/env bash
# Counts how often each wake word is heard where nobody says it, and prints the table for docs/hearing.md.
#
# usage: scripts/false-accepts.sh [AURICLE]      AURICLE: a program that is built already
set -euo pipefail
cd "$(dirname "$0")/.."
auricle=${1:-${CARGO_TARGET_DIR:-target}/release/auricle}
words=(alexa hey_jarvis hey_mycroft okay_nabu)

scripts/models.sh
[ -x "$auricle" ] || cargo build --quiet --release
place=$(scripts/corpora.sh)

# The four words listen at once, as they would on a device with four servers.
list=$(printf '"%s",' "${words[@]}")
row() {
  local name=$1 file=$2 found hours word
  found=$("$auricle" replay "$file" --json --set "wake.words=[${list%,}]" 2>/dev/null)
  hours=$(awk -v bytes="$(stat -c %s "$file")" 'BEGIN { printf "%.2f", bytes / 32000 / 3600 }')
  printf '| %s | %s' "$name" "$hours"
  for word in "${words[@]}"; do
    awk -v word="\"word\":\"$word\"" -v hours="$hours" 'index($0, "\"event\":\"wake\"") && index($0, word) { n++ }
         END { printf " | %d (%.2f)", n, n / hours }' <<<"$found"
  done
  printf ' |\n'
}

cat <<'END'
Times that a word was heard where nobody says it, and in brackets per hour; all four words listen at once, sensitivity
0.5. Speech: prompts of telephone exchanges, read by people, in English, Spanish, Italian and Russian. Music and
effects: of games.

END
printf '| material | hours'; printf ' | %s' "${words[@]}"; printf ' |\n|---|---:|---:|---:|---:|---:|\n'
row 'human speech' "$place/speech.wav"
row 'music and effects' "$place/music.wav"
