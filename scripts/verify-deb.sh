#!/usr/bin/env bash
# Shows that the package does what docs/install.md says, on fresh Debian machines in a folder (chroot; needs root, or
# sudo): install, set up, upgrade, remove, purge, and what is left each time. Debian 12 with everything, Debian 13 as far
# as that the program loads. Then lintian, and the sandboxes' figures.
#
# No service manager runs in a chroot; what needs one is shown on a device.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh build deb verify

machine=$(dpkg --print-architecture)
. scripts/debian-roots.sh

say() { echo "== package: $*"; }
complete() { :; }

ARCH=$machine scripts/deb.sh >"$target/deb.txt"
package=$(package_of "$target/deb.txt")
[ -f "$package" ] || fail "make deb named no package"

say "lintian"
lintian --fail-on error,warning --tag-display-limit 0 "$package"

say "sandboxes: at most 2.5"
for unit in systemd/auricle.service systemd/auricle-shell@.service; do
  systemd-analyze security --offline=true --threshold=25 --no-pager "$unit" | tail -n 1
done

# A fresh machine of a release, made once and copied for each use.
fresh() {
  local release=$1 base=$target/roots/$1 machine=$target/roots/$1-used
  debian_root "$release" "$release" --include=ca-certificates
  "${root[@]}" rm -rf "$machine"
  "${root[@]}" cp -a "$base" "$machine"
  "${root[@]}" cp /etc/resolv.conf "$machine/etc/resolv.conf"
  # What apt needs to reach the mirror where this machine does it through a proxy.
  grep -lE 'Acquire|Proxy' /etc/apt/apt.conf.d/* | "${root[@]}" xargs -r cp -t "$machine/etc/apt/apt.conf.d"
  echo "$machine"
}

# A package of a higher version, with another default in it.
newer() {
  local folder=$target/deb/newer
  rm -rf "$folder"
  dpkg-deb --raw-extract "$package" "$folder"
  sed -i 's/^Version: .*/&+newer/' "$folder/DEBIAN/control"
  sed -i 's/^# volume = 80$/# volume = 79/' "$folder/usr/share/auricle/auricle.toml"
  grep -qx '# volume = 79' "$folder/usr/share/auricle/auricle.toml" || fail "the sample has no default volume of 80"
  sed -i '\|usr/share/auricle/auricle.toml|d' "$folder/DEBIAN/md5sums"
  dpkg-deb --root-owner-group --build "$folder" "$1" >/dev/null
}

for release in bookworm trixie; do
  say "$release"
  chroot=$(fresh "$release")
  "${root[@]}" cp "$package" "$chroot/root/auricle.deb"
  newer "$target/deb/newer.deb"
  "${root[@]}" cp "$target/deb/newer.deb" scripts/verify-deb-inside.sh "$chroot/root/"
  "${root[@]}" chroot "$chroot" /bin/sh /root/verify-deb-inside.sh || fail "on $release, see above"
  "${root[@]}" rm -rf "$chroot"
done
say "all as docs/install.md says"
