#!/usr/bin/env bash
# Makes the Python environment of a peer that tests and benches compare with, once, and prints the path of its python.
#
# usage: scripts/peers.sh [NAME]      with the packages of benches/peers/NAME.txt; without a name nothing but pip
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:-pip}
list=/dev/null
if [ $# -gt 0 ]; then list=benches/peers/$name.txt; fi
if [ ! -r "$list" ]; then echo "peers: there is no $list" >&2; exit 2; fi

place=$(realpath -m "${CARGO_TARGET_DIR:-target}/peers")
mkdir -p "$place"
# Two tests may want the same at once.
exec 9>"$place/$name.lock"
flock -w 600 9 || { echo "peers: $name has been in the making for 10 minutes; end the other one and try again" >&2; exit 1; }

# The list that was installed lies in the environment: another list, another environment.
if ! cmp -s "$list" "$place/$name/installed.txt" || ! "$place/$name/bin/python" -c '' 2>/dev/null; then
  # Debian's own Python, for which setup.sh installs what is needed; elsewhere any other.
  python=/usr/bin/python3; [ -x "$python" ] || python=python3
  rm -rf "${place:?}/$name"
  if ! "$python" -m venv "$place/$name" >&2; then
    echo "peers: $python can't make an environment, see above; on Debian: apt-get install python3-venv" >&2; exit 1
  fi
  if [ $# -gt 0 ]; then
    echo "peers: installing the packages of $list from PyPI into $place/$name (once)" >&2
    if ! "$place/$name/bin/pip" install --quiet --disable-pip-version-check --requirement "$list" >&2; then
      rm -rf "${place:?}/$name"
      echo "peers: pip could not install them, see above; they come from PyPI, which needs the network" >&2; exit 1
    fi
  fi
  cp "$list" "$place/$name/installed.txt"
fi
echo "$place/$name/bin/python"
