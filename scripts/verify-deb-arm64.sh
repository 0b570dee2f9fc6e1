#!/usr/bin/env bash
# Shows that the cross-built package's program loads with the libraries of Debian 12 and of Debian 13 and runs, on an
# emulated processor. Needs root, or sudo, to unpack those.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh build deb deb-arm64 verify

. scripts/debian-roots.sh

# The libraries, unpacked and not installed: no program of theirs has to run.
complete() {
  local package
  for package in "$1"/var/cache/apt/archives/lib{asound2,ssl3,zstd1}*_arm64.deb; do
    "${root[@]}" dpkg-deb -x "$package" "$1"
  done
}

ARCH=arm64 scripts/deb.sh >"$target/deb-arm64.txt"
package=$(package_of "$target/deb-arm64.txt")
program=$target/deb/loads
rm -rf "$program"
dpkg-deb -x "$package" "$program"
expected="auricle $(dpkg-deb --field "$package" Version)"

for release in "bookworm libasound2,libssl3" "trixie libasound2t64,libssl3t64"; do
  folder=$target/roots/${release% *}-arm64
  debian_root "${release% *}-arm64" "${release% *}" --foreign --arch=arm64 --include="${release#* }"
  # Inside, so that no library of this machine is found.
  "${root[@]}" cp "$(command -v qemu-aarch64-static)" "$program/usr/bin/auricle" "$program/usr/share/auricle/auricle.toml" \
    "$folder/"
  run=("${root[@]}" chroot "$folder" /qemu-aarch64-static /auricle)
  seen=$("${run[@]}" --version) || fail "it does not load on ${release% *}"
  [ "$seen" = "$expected" ] || fail "on ${release% *} it says \`$seen\`, not \`$expected\`"
  "${run[@]}" check --config /auricle.toml >/dev/null || fail "it does not run on ${release% *}"
  echo "   ${release% *}, arm64: $seen"
done
