#!/bin/sh
# The part of verify-deb.sh that runs inside the fresh machine, as root. /root has auricle.deb and newer.deb.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
settings=/etc/auricle/auricle.toml

say() { echo "   $*"; }
fail() { echo "verify-deb: $*" >&2; exit 1; }

# is WHAT EXPECTED SEEN
is() { [ "$2" = "$3" ] || fail "$1 is \`$3\`, not \`$2\`"; say "$1: $3"; }
rights() { stat -c '%a %U:%G' "$1"; }
gone() { [ ! -e "$1" ] && [ ! -L "$1" ] || fail "$1 is left"; say "gone: $1"; }
# Nobody can answer a question here: a prompt would fail.
apt() { apt-get -qq -y -o Dpkg::Use-Pty=0 "$@" </dev/null >/root/apt.log 2>&1 || { tail -n 20 /root/apt.log; fail "apt-get $*"; }; }
as_daemon() { setpriv --reuid=auricle --regid=auricle --init-groups "$@"; }

# Files of the system by name, without those that every installation of anything touches.
files() {
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /root -o -path /tmp -o -path /var/cache \
        -o -path /var/log -o -path /var/lib/apt -o -path /var/lib/dpkg \) -prune -o -print | sort
}

apt update
# These bring all that it depends on, so that what is left afterwards is the package's own.
apt install --no-install-recommends espeak-ng systemd
groupadd --system gpio
files >/root/before
cp /etc/passwd /root/passwd

say "install"
apt install --no-install-recommends /root/auricle.deb
is "version" "auricle $(dpkg-query -W -f='${Version}' auricle)" "$(auricle --version)"
is "rights of /etc/auricle" "2750 root:auricle" "$(rights /etc/auricle)"
is "rights of /etc/auricle/keys" "2750 root:auricle" "$(rights /etc/auricle/keys)"
is "rights of /var/lib/auricle" "750 auricle:auricle" "$(rights /var/lib/auricle)"
is "settings" "none" "$([ -e $settings ] && echo some || echo none)"
is "groups of the user" "audio auricle gpio" "$(id -nG auricle | tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/ $//')"
is "configuration files" "" "$(dpkg-query -W -f='${Conffiles}' auricle)"
is "the daemon" "enabled" "$(systemctl is-enabled auricle.service)"
is "the shell" "disabled" "$(systemctl is-enabled auricle-shell.socket || true)"
for page in man1/auricle.1 man1/auricle-status.1 man5/auricle.toml.5; do
    # A minimal machine leaves manuals out; the package has them.
    dpkg-query -L auricle | grep -q "/usr/share/man/$page.gz" || fail "no manual $page"
done

for word in okay_nabu alexa hey_jarvis hey_mycroft; do
    auricle wake list | grep -q "^ *$word .*cut-off" || fail "no wake word $word: $(auricle wake list)"
done

say "set up"
echo secret | auricle setup --yes --no-test --server mqtt://127.0.0.1:1 --username linto --password-file - >/root/setup.txt ||
    fail "setup: $(cat /root/setup.txt)"
grep -q "serial number" /root/setup.txt || fail "setup does not say the serial number: $(cat /root/setup.txt)"
is "rights of the settings" "640 root:auricle" "$(rights $settings)"
is "rights of a password" "640 root:auricle" "$(rights /etc/auricle/linto.password)"
as_daemon auricle check >/root/check.txt || fail "the daemon's user can't use the settings: $(cat /root/check.txt)"
if setpriv --reuid=nobody --regid=nogroup --clear-groups cat /etc/auricle/linto.password 2>/dev/null; then fail "anybody reads the password"; fi
echo '{"remembered":true}' >/var/lib/auricle/state.json
mkdir /var/lib/auricle/meetings
kept() { cat $settings /etc/auricle/linto.password /var/lib/auricle/state.json | sha256sum | cut -c 1-16; }
before=$(kept)

say "upgrade, with another default"
apt install /root/newer.deb
is "version of the package" "newer" "$(dpkg-query -W -f='${Version}' auricle | sed 's/.*+//')"
is "the sample's default" "# volume = 79" "$(grep '^# volume = ' /usr/share/auricle/auricle.toml)"
is "settings, password and state" "$before" "$(kept)"
apt install --reinstall /root/newer.deb
is "the same after a reinstallation" "$before" "$(kept)"

say "remove"
apt remove auricle
gone /usr/bin/auricle
gone /usr/share/auricle
is "settings, password and state" "$before" "$(kept)"

say "purge, with a recording"
apt install --no-install-recommends /root/auricle.deb
echo sound >/var/lib/auricle/meetings/team.wav
apt purge auricle
gone /etc/auricle
gone /var/lib/auricle/state.json
is "the recording" "sound" "$(cat /var/lib/auricle/meetings/team.wav)"
is "whose it is" "auricle" "$(stat -c %U /var/lib/auricle)"

say "purge, without one"
apt install --no-install-recommends /root/auricle.deb
rm -r /var/lib/auricle/meetings
apt purge auricle
gone /var/lib/auricle
files >/root/after
# Locks and backups of the user database are the system's, not ours.
is "files that are left" "" "$(comm -13 /root/before /root/after | grep -vE '^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$|^/etc/\.pwd\.lock$' | tr '\n' ' ')"
is "users that are left" "" "$(comm -13 /root/passwd /etc/passwd)"
