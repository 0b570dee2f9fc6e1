# Roots of fresh Debian machines, for the scripts that look at the package; they source this.
# shellcheck shell=bash

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
# Empty: the mirror that debootstrap knows.
mirror=${DEBIAN_MIRROR:-}
root=()
if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi

fail() { echo "$(basename "$0" .sh): $*" >&2; exit 1; }

# debian_root NAME RELEASE OPTION…: makes $target/roots/NAME with debootstrap unless it is there. A function `complete`
# gets the folder before it counts as made.
debian_root() {
  local folder=$target/roots/$1 release=$2
  shift 2
  [ ! -f "$folder.done" ] || return 0
  "${root[@]}" rm -rf "$folder"; mkdir -p "$target/roots"
  "${root[@]}" debootstrap --variant=minbase "$@" "$release" "$folder" ${mirror:+"$mirror"} >"$folder.log" 2>&1 ||
    { tail "$folder.log" >&2; fail "debootstrap made no $release, see above and $folder.log"; }
  complete "$folder"
  touch "$folder.done"
}

# package_of FILE: the package that `make deb` names in what it printed.
package_of() { sed -n '$s/ (.*//p' "$1"; }
