#!/usr/bin/env bash
# Sends a day of sound through the path from the microphone to the decisions, as fast as it goes, and watches its memory.
#
# usage: scripts/day.sh [HOURS]      24 unless told; fails when memory grows by more than 1 MB after the first hour
set -euo pipefail
cd "$(dirname "$0")/.."
hours=${1:-24}
auricle=${CARGO_TARGET_DIR:-target}/release/auricle

scripts/models.sh
cargo build --quiet --release
place=$(scripts/corpora.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkfifo "$work/sound"

# Speech, music, an hour of a quiet room, and again, behind one header that does not know how long it will be.
sound() {
  head -c 44 "$place/header.wav"
  while :; do
    tail -c +79 "$place/speech.wav"
    tail -c +79 "$place/music.wav"
    cat "$place/quiet.raw"
  done
}
if [ ! -f "$place/quiet.raw" ]; then
  sox -n -r 16000 -c 1 -b 16 -e signed -t raw "$place/quiet.raw" synth 3600 pinknoise vol 0.001
fi
# 0xFFFFFFFF for both sizes: what a pipe writes.
printf 'RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\xff\xff\xff\xff' \
  >"$place/header.wav"

bytes=$((hours * 3600 * 32000 + 44))
"$auricle" replay "$work/sound" --json >"$work/events" 2>"$work/summary" &
pid=$!
sound 2>/dev/null | head -c "$bytes" >"$work/sound" &

hour() { wc -l <"$work/events"; }
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status" 2>/dev/null || true; }
first=0 highest=0
while kill -0 "$pid" 2>/dev/null; do
  sleep 1
  now=$(memory); [ -n "$now" ] || continue
  heard=$(tail -n 1 "$work/events" | sed -n 's/.*"t":\([0-9]*\).*/\1/p')
  if [ "${heard:-0}" -lt 3600 ]; then continue; fi
  if [ "$first" -eq 0 ]; then first=$now; fi
  if [ "$now" -gt "$highest" ]; then highest=$now; fi
done
wait "$pid"
tail -n 3 "$work/summary"
echo "$hours h: $(hour) decisions; memory $first kB after the first hour, at most $highest kB after it"
if [ "$first" -eq 0 ] || [ $((highest - first)) -gt 1024 ]; then
  echo "memory grew"; exit 1
fi
