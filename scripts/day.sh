#!/usr/bin/env bash
# Sends a day of sound through the path from the microphone to the decisions, as fast as it goes, and watches its memory.
#
# usage: scripts/day.sh [HOURS]      24 unless told, at least 2. Fails when the program fails, when it did not hear all of
#                                    it, or when memory grows by more than 1 MB after the first hour.
# Environment: AURICLE, a program that is built already
set -euo pipefail
cd "$(dirname "$0")/.."
hours=${1:-24}
if ! [[ $hours =~ ^[0-9]+$ ]] || [ "$hours" -lt 2 ]; then
  echo "day: $hours is no number of hours from 2 on: memory is compared with the end of the first one" >&2; exit 2
fi

scripts/models.sh
export AURICLE_MODEL_DIR=$PWD/models
auricle=${AURICLE:-${CARGO_TARGET_DIR:-target}/release/auricle}
[ -n "${AURICLE:-}" ] || cargo build --quiet --release
place=$(scripts/corpora.sh)
work=$(mktemp -d)
replay='' feeder=''
finish() {
  for process in $replay $feeder; do kill "$process" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
mkfifo "$work/sound"

# An hour of a quiet room.
if [ ! -f "$place/quiet.raw" ]; then
  sox -n -r 16000 -c 1 -b 16 -e signed -t raw "$place/quiet.part" synth 3600 pinknoise vol 0.001
  mv "$place/quiet.part" "$place/quiet.raw"
fi

# Speech, music, an hour of a quiet room, and again, as one recording whose header does not know how long it will be: it
# says 0xFFFFFFFF, as programs do that write into a pipe.
feed() {
  exec python3 - "$place" "$((hours * 3600 * 32000))" <<'END'
import sys, wave

place, left = sys.argv[1], int(sys.argv[2])
out = sys.stdout.buffer
longest = b"\xff\xff\xff\xff"
out.write(b"RIFF" + longest + b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data" + longest)

def pieces(name):
    if name.endswith(".raw"):
        with open(name, "rb") as file:
            while piece := file.read(1 << 20):
                yield piece
        return
    with wave.open(name) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2), name
        while piece := file.readframes(1 << 19):
            yield piece

while left:
    for name in ("speech.wav", "music.wav", "quiet.raw"):
        for piece in pieces(f"{place}/{name}"):
            out.write(piece[:left])
            left -= min(left, len(piece))
END
}

"$auricle" replay "$work/sound" --json --set 'wake.words=["okay_nabu"]' >"$work/events" 2>"$work/summary" &
replay=$!
# Opened for both directions the pipe can be opened at once, and whoever waits for the other end waits for nobody.
exec 3<>"$work/sound"
feed >"$work/sound" 3>&- &
feeder=$!

memory() { awk '/^VmRSS/ { print $2 }' "/proc/$replay/status" 2>/dev/null || true; }
first=0 highest=0
# When the feeder has ended, nobody holds the pipe open any longer, and the program comes to the end of its recording.
while kill -0 "$replay" 2>/dev/null; do
  sleep 1
  [ -z "$feeder" ] || kill -0 "$feeder" 2>/dev/null || { exec 3>&-; wait "$feeder" || failed=$?; feeder=''; }
  now=$(memory); [ -n "$now" ] || continue
  heard=$(tail -n 1 "$work/events" | sed -n 's/.*"t":\([0-9]*\).*/\1/p')
  if [ "${heard:-0}" -lt 3600 ]; then continue; fi
  if [ "$first" -eq 0 ]; then first=$now; fi
  if [ "$now" -gt "$highest" ]; then highest=$now; fi
done
ended=0; wait "$replay" || ended=$?; replay=''
cat "$work/summary"
if [ "${failed:-0}" -ne 0 ]; then echo "day: the sound ended early: its maker failed with $failed" >&2; exit 1; fi
if [ "$ended" -ne 0 ]; then echo "day: auricle replay failed with $ended" >&2; exit 1; fi

# Everything was heard, to the sample: the last line tells a decision, the summary how much it was.
seconds=$(sed -n 's/^\([0-9]*\.[0-9]*\) s heard: .*/\1/p' "$work/summary")
if [ "$seconds" != "$((hours * 3600)).000" ]; then
  echo "day: it heard ${seconds:-none} s of $((hours * 3600))" >&2; exit 1
fi
echo "$hours h: $(wc -l <"$work/events") decisions; memory $first kB after the first hour, at most $highest kB after it"
if [ "$first" -eq 0 ]; then echo "day: it was over before its memory could be seen; try more hours" >&2; exit 1; fi
if [ $((highest - first)) -gt 1024 ]; then echo "day: memory grew by $((highest - first)) kB" >&2; exit 1; fi
