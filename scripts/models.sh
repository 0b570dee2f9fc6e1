#!/usr/bin/env bash
# fetch the wake words (okay_nabu, alexa, hey_jarvis, hey_mycroft) into models/
#
# They come in the Python package pymicro-wakeword (Apache-2.0), of which only the data is unpacked. The package is pinned
# by its hash in benches/peers/models.txt, and so is each file here. With everything there, nothing is asked of the network.
set -euo pipefail
cd "$(dirname "$0")/.."

# What is in models/ when all is well.
hashes() {
  cat <<'END'
9011a8155b04de858c48038529235cbc0e42e9fca05a55bf588cb80a653a723b  models/alexa.tflite
1d999798b35b1fe2606465b75ab840be51c1811d2909d5e620cefb6e96f8abd0  models/alexa.json
21a7976add39ee24ec96c63d96b7aaa18e24d1d9824b963e451da8feb4b78b77  models/hey_jarvis.tflite
b153867d818675d8abcc9dace474afe7f83551ae0d5a9b1d71a98681320185af  models/hey_jarvis.json
c2a9b6ed51182db72e014781d5a4ece1929dc232a40b5b4be384f0295f0e1571  models/hey_mycroft.tflite
57b2b06fe5fdbbe834a242fabc7af31e4194a550fc382b2c88636a6d62d0d57e  models/hey_mycroft.json
d89128c4d16a72de429119fb2254ce46649553c2a24f5dd840175c80d7b9d094  models/okay_nabu.tflite
f8026e2ce93a0855ca23483036fd2d74ee924a2588d9ea6a6c6c7478fbf4be57  models/okay_nabu.json
c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4  models/LICENSE
END
}

if hashes | sha256sum --check --status --strict 2>/dev/null; then exit 0; fi

scripts/setup.sh models
python=$(scripts/peers.sh)
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

echo "models: fetching the wake words (once)" >&2
# The wheel for one kind of machine, and the same one everywhere: the models in it are the same for all.
if ! "$python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
    --platform manylinux_2_35_x86_64 --dest "$temporary" --requirement benches/peers/models.txt >&2; then
  echo "models: pip could not fetch pymicro-wakeword, see above; it comes from PyPI, which needs the network" >&2; exit 1
fi

mkdir -p "$temporary/models"
"$python" - "$temporary"/*.whl "$temporary/models" <<'END'
import pathlib, sys, zipfile

wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as files:
    for name in files.namelist():
        path = pathlib.PurePosixPath(name)
        if path.parent.name == "models" and path.suffix in (".tflite", ".json") or path.name == "LICENSE":
            pathlib.Path(folder, path.name).write_bytes(files.read(name))
END
if ! (cd "$temporary" && hashes | sha256sum --check --quiet --strict) >&2; then
  echo "models: the files above are not what scripts/models.sh expects; nothing was changed" >&2; exit 1
fi
mkdir -p models
for file in "$temporary"/models/*; do mv -f "$file" models/; done
