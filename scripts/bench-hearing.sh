#!/usr/bin/env bash
# measure how well it hears, beside other programs, and write docs/hearing.md (ARGS="endpointer wake echo cost false-accepts downlink")
#
# Each part is written between its two markers in the document; the others stay. Everything takes about 20 minutes after the
# build. Nothing else should run meanwhile: costs are measured, too.
set -euo pipefail
cd "$(dirname "$0")/.."

all=(endpointer wake echo cost false-accepts downlink)
# What is heard of a server stands in a document of its own.
document() { if [ "$1" = downlink ]; then echo docs/xiaozhi-sound.md; else echo docs/hearing.md; fi; }
parts=("$@"); [ $# -gt 0 ] || parts=("${all[@]}")
for part in "${parts[@]}"; do
  case " ${all[*]} " in
    *" $part "*) ;;
    *) echo "bench-hearing: there is no part \`$part\`; the parts are: ${all[*]}" >&2; exit 2 ;;
  esac
  document=$(document "$part")
  if ! grep -qxF "<!-- $part -->" "$document" || ! grep -qxF "<!-- /$part -->" "$document"; then
    echo "bench-hearing: $document lacks the lines <!-- $part --> and <!-- /$part -->; put them where the part belongs" >&2
    exit 1
  fi
done

scripts/setup.sh build test bench
scripts/models.sh

example() { cargo run --quiet --release -p auricle-core --example "$@"; }

measure() {
  case $1 in
    endpointer) example bench_endpointer -- "$(scripts/peers.sh silero)" ;;
    wake) example bench_wake -- "$(scripts/peers.sh wake)" ;;
    echo) example bench_echo ;;
    cost) echo '```'; example hearing_cost; echo '```' ;;
    false-accepts) scripts/false-accepts.sh ;;
    downlink) example bench_downlink ;;
  esac
}

machine() {
  local model system
  model=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
  system=$(. /etc/os-release && echo "${PRETTY_NAME:-$ID}")
  printf 'Measured on %s: %s × %s; %s, %s; load average before: %s.\n' "$(date -u +%F)" "$(nproc)" \
    "${model:-processor without a name}" "$system" "$(rustc --version | cut -d' ' -f1,2)" "$(cut -d' ' -f1 /proc/loadavg)"
}

found=$(mktemp)
trap 'rm -f "$found" "$found.document"' EXIT
for part in "${parts[@]}"; do
  echo "bench-hearing: $part" >&2
  document=$(document "$part")
  machine=$(machine)
  # Headings belong to the document.
  { echo; measure "$part" | sed '/^### /d' | cat -s; echo; echo "$machine"; echo; } > "$found"
  awk -v part="$part" -v found="$found" '
    $0 == "<!-- /" part " -->" { inside = 0 }
    !inside { print }
    $0 == "<!-- " part " -->" { inside = 1; while ((getline line < found) > 0) print line; close(found) }
  ' "$document" | cat -s > "$found.document"
  cat "$found.document" > "$document"
done
