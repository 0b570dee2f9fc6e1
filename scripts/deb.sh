#!/usr/bin/env bash
# build the Debian package: for this machine, or with ARCH=arm64 for a Raspberry Pi
#
# The cross build needs nothing but Debian's own packages. What an arm64 package built on Debian 12 loads with is there
# on Debian 13 too. Everything happens in target/deb; nothing needs root, except to install what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

largest_kib=10240
machine=$(dpkg --print-architecture)
arch=${ARCH:-$machine}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)

case $arch in
  amd64) triple=x86_64-unknown-linux-gnu ;;
  arm64) triple=aarch64-unknown-linux-gnu ;;
  *) echo "deb: ARCH is \`$arch\`; it can be amd64 or arm64" >&2; exit 2 ;;
esac
if [ "$arch" != "$machine" ] && [ "$arch" != arm64 ]; then
  echo "deb: from $machine only arm64 can be built; build $arch on such a machine" >&2; exit 2
fi

# Builds the program and says where it is.
build() {
  if [ "$arch" = "$machine" ]; then
    cargo build --quiet --release --locked --target-dir "$target"
    echo "$target/release/auricle"
    return
  fi
  # Debian's cargo and rustc, whatever else is on the PATH, and a folder of their own: another version of the compiler.
  env -u RUSTUP_TOOLCHAIN -u RUSTC PATH="/usr/bin:$PATH" PKG_CONFIG_ALLOW_CROSS=1 \
    PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
    /usr/bin/cargo build --quiet --release --locked --target "$triple" --target-dir "$target/cross"
  echo "$target/cross/$triple/release/auricle"
}

# The version and its date, for Debian's eyes; what changed is in CHANGELOG.md.
changelog() {
  local time
  time=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)
  printf 'auricle (%s) unstable; urgency=medium\n\n' "$version"
  printf '  * What changed is told in /usr/share/doc/auricle/CHANGELOG.md.\n\n'
  printf ' -- Auricle <team@auricle.invalid>  %s\n' "$(LC_ALL=C date -u -R -d "@${SOURCE_DATE_EPOCH:-$time}")"
}

groups=(build deb)
if [ "$arch" != "$machine" ]; then groups+=("deb-$arch"); fi
scripts/setup.sh "${groups[@]}"
scripts/models.sh

echo "deb: building auricle $version for $arch" >&2
program=$(build)

# debhelper works in a folder with `debian` in it.
stage=$target/deb/$arch
rm -rf "$stage"
mkdir -p "$stage/made"
cp -r systemd config docs CHANGELOG.md SECURITY.md "$stage"
cp -r packaging "$stage"
mv "$stage/packaging/debian" "$stage/debian"
changelog >"$stage/debian/changelog"
cp "$program" "$stage/made/auricle"
# The wake words; their licence stands in the copyright file.
mkdir "$stage/made/models"
cp models/*.tflite models/*.json "$stage/made/models"
cargo run --quiet --locked --target-dir "$target" --example package -- "$stage/made" "$triple"
log=$stage/debhelper.log
if ! (cd "$stage" && DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage --build=binary --host-arch "$arch" \
      --no-check-builddeps --no-sign --no-pre-clean) >"$log" 2>&1; then
  tail -n 30 "$log" >&2; echo "deb: debhelper failed, see above and $log" >&2; exit 1
fi

package=$target/deb/auricle_${version}_$arch.deb
installed_kib=$(dpkg-deb --field "$package" Installed-Size)
if [ "$installed_kib" -gt "$largest_kib" ]; then
  echo "deb: installed, the package takes $installed_kib KiB; $largest_kib KiB are the most" >&2; exit 1
fi
echo "$package ($(stat -c %s "$package") bytes, $installed_kib KiB installed)"
