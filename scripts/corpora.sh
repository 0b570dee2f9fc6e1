#!/usr/bin/env bash
# Makes two long recordings in which nobody says a wake word: `speech.wav`, people in four languages, and `music.wav`,
# music and effects of games. Both 16 kHz mono, more than 1.5 h each, out of Debian packages that are unpacked, not
# installed.
#
# usage: scripts/corpora.sh      prints the folder
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test

place=$(realpath -m "${CARGO_TARGET_DIR:-target}/corpora")
speech=(asterisk-core-sounds-en-g722 asterisk-core-sounds-es-g722 asterisk-core-sounds-it-g722
        asterisk-core-sounds-ru-g722)
music=(asterisk-moh-opsound-g722 wesnoth-1.16-music frozen-bubble-data pingus-data sound-theme-freedesktop)
least=5400

unpack() {
  local package=$1
  [ ! -d "$place/$package" ] || return 0
  echo "corpora: fetching $package" >&2
  mkdir -p "$place/deb"
  # apt gives its right to read away to a user who may not write here; as root that is only worth a warning.
  (cd "$place/deb" && apt-get download -qq "$package" 2>/dev/null) ||
    { echo "corpora: apt could not fetch $package; try: apt-get update" >&2; exit 1; }
  dpkg -x "$place/deb/${package}"_*.deb "$place/$package.part"
  mv "$place/$package.part" "$place/$package"
  rm "$place/deb/${package}"_*.deb
}

# Raw samples of every recording of a package, in the order of the names.
decode() {
  find "$place/$1" -type f \( -name '*.g722' -o -name '*.ogg' -o -name '*.oga' -o -name '*.wav' \) -print0 | sort -z |
    while IFS= read -r -d '' file; do
      ffmpeg -nostdin -loglevel error -i "$file" -f s16le -ar 16000 -ac 1 - ||
        echo "corpora: ffmpeg can't read $file" >&2
    done
}

make() {
  local name=$1; shift
  local file=$place/$name.wav package
  [ ! -f "$file" ] || return 0
  for package in "$@"; do unpack "$package"; done
  echo "corpora: decoding $name" >&2
  for package in "$@"; do decode "$package"; done |
    ffmpeg -nostdin -loglevel error -y -f s16le -ar 16000 -ac 1 -i - -f wav "$file.part"
  local seconds=$((($(stat -c %s "$file.part") - 44) / 32000))
  if [ "$seconds" -lt "$least" ]; then
    echo "corpora: $name has only $seconds s, $least s are wanted" >&2; exit 1
  fi
  mv "$file.part" "$file"
}

make speech "${speech[@]}"
make music "${music[@]}"
echo "$place"
