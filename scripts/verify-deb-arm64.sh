#!/usr/bin/env bash
# Shows that the cross-built package's program loads with the libraries of Debian 12 and of Debian 13 and runs, on an
# emulated processor. Needs root, or sudo, to unpack those.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh build deb deb-arm64 verify

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
# Empty: the mirror that debootstrap knows.
mirror=${DEBIAN_MIRROR:-}
root=()
if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi

fail() { echo "verify-deb-arm64: $*" >&2; exit 1; }

# The libraries of a release, unpacked and not installed: no program of theirs has to run.
libraries() {
  local release=$1 names=$2 folder=$target/roots/$1-arm64
  if [ ! -f "$folder.done" ]; then
    "${root[@]}" rm -rf "$folder"; mkdir -p "$target/roots"
    "${root[@]}" debootstrap --foreign --arch=arm64 --variant=minbase --include="$names" "$release" "$folder" ${mirror:+"$mirror"} \
      >"$folder.log" 2>&1 || { tail "$folder.log" >&2; fail "debootstrap made no $release, see above and $folder.log"; }
    for package in "$folder"/var/cache/apt/archives/lib{asound2,ssl3,zstd1}*_arm64.deb; do
      "${root[@]}" dpkg-deb -x "$package" "$folder"
    done
    touch "$folder.done"
  fi
  echo "$folder"
}

ARCH=arm64 scripts/deb.sh >"$target/deb-arm64.txt"
package=$(sed -n '$s/ (.*//p' "$target/deb-arm64.txt")
program=$target/deb/loads
rm -rf "$program"
dpkg-deb -x "$package" "$program"
expected="auricle $(dpkg-deb --field "$package" Version)"

for release in "bookworm libasound2,libssl3" "trixie libasound2t64,libssl3t64"; do
  folder=$(libraries "${release% *}" "${release#* }")
  # Inside, so that no library of this machine is found.
  "${root[@]}" cp "$(command -v qemu-aarch64-static)" "$program/usr/bin/auricle" "$program/usr/share/auricle/auricle.toml" \
    "$folder/"
  run=("${root[@]}" chroot "$folder" /qemu-aarch64-static /auricle)
  seen=$("${run[@]}" --version) || fail "it does not load on ${release% *}"
  [ "$seen" = "$expected" ] || fail "on ${release% *} it says \`$seen\`, not \`$expected\`"
  "${run[@]}" check --config /auricle.toml >/dev/null || fail "it does not run on ${release% *}"
  echo "   ${release% *}, arm64: $seen"
done
