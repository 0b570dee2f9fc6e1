#!/usr/bin/env bash
# Installs what is missing on a Debian machine, and nothing else. Safe to run again: with everything there it asks
# dpkg one question and is done.
#
# usage: scripts/setup.sh GROUP…      build · models · demo · test · lint · bench · deb · deb-arm64 · verify
set -euo pipefail

build=(cmake gcc g++ libc6-dev pkg-config libasound2-dev libssl-dev libssh-dev)
# The wake words come in a Python package.
models=(python3 python3-venv)
demo=(espeak-ng)
# Real parts, because a stand-in would only show that it agrees with us: a broker, a sound server, an SSH server, voices.
test=(mosquitto mosquitto-clients openssl
      pulseaudio pulseaudio-utils libasound2-plugins alsa-utils
      openssh-server openssh-client libssh-4 iproute2
      espeak-ng sox ffmpeg asterisk-core-sounds-en-g722 asterisk-core-sounds-it-g722 procps systemd
      python3 python3-venv)
lint=()
# The peers beside which `make bench` measures: in Python, an encoder beside which recordings are made, an echo canceller.
# And people who speak for `make bench-hearing`.
bench=(python3 python3-venv libopus0 opus-tools libspeexdsp1 asterisk-core-sounds-fr-g722 asterisk-core-sounds-ru-g722)
deb=(debhelper dpkg-dev)
# The cross build, with Debian's own Rust: it brings the standard library of another architecture.
deb_arm64=(rustc-web cargo-web libstd-rust-web-dev:arm64 gcc-aarch64-linux-gnu g++-aarch64-linux-gnu
           libc6-dev:arm64 libasound2-dev:arm64 libssl-dev:arm64 libssh-dev:arm64)
# What looks at the package: judges, fresh Debian machines, and a processor that it was built for.
verify=(lintian debootstrap systemd qemu-user-static)

say() { printf 'setup: %s\n' "$*" >&2; }

wanted=()
for group in "$@"; do
  case $group in
    build|models|demo|test|lint|bench|deb|deb-arm64|verify) declare -n list="${group//-/_}"; wanted+=("${list[@]}") ;;
    *) say "there is no group \`$group\`; the groups are: build models demo test lint bench deb deb-arm64 verify"; exit 2 ;;
  esac
done

missing() {
  for package in "${wanted[@]}"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done | sort -u
}

install_packages() {
  local packages=("$@") root=() log
  # Nothing is ever removed: on a desktop, PulseAudio could otherwise push another sound server out.
  local options=(-y -qq --no-install-recommends --no-remove -o Dpkg::Use-Pty=0)
  local by_hand="apt-get update && apt-get install ${options[*]:2:2} ${packages[*]}" foreign=()
  # Of another architecture, which dpkg has to know of first.
  mapfile -t foreign < <(printf '%s\n' "${packages[@]}" | sed -n 's/.*://p' | sort -u)
  if [ "${#foreign[@]}" -gt 0 ]; then by_hand="dpkg --add-architecture ${foreign[*]} && $by_hand"; fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      say "missing: ${packages[*]}"; say "run as root: $by_hand"; exit 1
    fi
    # Without a terminal nobody could type the password.
    root=(sudo); [ -t 0 ] || root=(sudo -n)
    if ! "${root[@]}" true; then say "sudo refused; run as root: $by_hand"; exit 1; fi
  fi
  say "installing ${packages[*]}"
  case " ${packages[*]} " in *" mosquitto "*)
    if [ -d /run/systemd/system ]; then
      say "Debian's mosquitto package also starts a broker on 127.0.0.1:1883; the tests start their own ones on free" \
          "ports. To stop it: systemctl disable --now mosquitto"
    fi ;;
  esac
  log=$(mktemp)
  for architecture in "${foreign[@]}"; do "${root[@]}" dpkg --add-architecture "$architecture"; done
  if ! { "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
         "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "${packages[@]}"; } >"$log" 2>&1
  then
    tail -n 20 "$log" >&2; rm -f "$log"
    say "apt failed, see above; the line was: $by_hand"; exit 1
  fi
  rm -f "$log"
}

if ! command -v cargo >/dev/null; then
  say "there is no cargo on the PATH; get the Rust toolchain: https://rustup.rs"; exit 1
fi

if ! command -v dpkg-query >/dev/null; then
  say "not a Debian machine; what is needed has these names there: ${wanted[*]}"
else
  mapfile -t packages < <(missing)
  if [ "${#packages[@]}" -gt 0 ]; then install_packages "${packages[@]}"; fi
fi

case " $* " in *" lint "*)
  for part in fmt clippy; do
    cargo "$part" --version >/dev/null 2>&1 && continue
    name=${part/fmt/rustfmt}
    if ! command -v rustup >/dev/null; then say "\`cargo $part\` is missing; install $name with your toolchain"; exit 1; fi
    say "installing $name"; rustup -q component add "$name"
  done ;;
esac
