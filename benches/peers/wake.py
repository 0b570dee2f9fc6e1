"""What the Python package for wake words makes of sound, for comparison.

`wake.py numbers`: clips come on the standard input, each as a line of JSON (`models`, `samples`: how many) and the samples
(16 kHz mono s16le). For each the answer is a line of JSON (`frames`, `loud`: how many of their values the package would
wrap around, `outputs`: how many per model, `heard`: per model, whether the package reports its word), the features (u16),
and the outputs of each model (u8: the probability in steps of 1/256).

`wake.py cost RUNS`: one clip in the same way; the answer is a line of JSON with the microseconds of each run, for the
features alone and for each model alone over features that are there already.
"""

import json
import sys
import time

import numpy as np
from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

# The package multiplies its features by this. The highest one that fits in the input; the package wraps what is louder.
SCALE = 10 / 256
LOUDEST = 666

words = {model.value: MicroWakeWord.from_builtin(model) for model in Model}


def clip():
    """The next clip of the input, or nothing at its end."""
    line = sys.stdin.buffer.readline()
    if not line:
        return None
    head = json.loads(line)
    sound = sys.stdin.buffer.read(2 * head["samples"])
    assert len(sound) == 2 * head["samples"], "the clip is cut off"
    return head["models"], sound


def outputs(name, features):
    """Each probability, and whether the word was heard."""
    word = words[name]
    word.reset()
    probabilities, heard = bytearray(), False
    for frame in features:
        heard = bool(word.process_streaming(frame)) or heard
        if not word._features:
            probabilities.append(round(word._probabilities[-1] * 256))
    return bytes(probabilities), heard


def numbers():
    while (next_clip := clip()) is not None:
        models, sound = next_clip
        features = list(MicroWakeWordFeatures().process_streaming(sound))
        whole = np.round(np.concatenate(features, axis=1)[0] / SCALE).astype("<u2")
        clamped = [np.minimum(frame, LOUDEST * SCALE) for frame in features]
        found = [outputs(name, clamped) for name in models]
        head = {"frames": len(features), "loud": int((whole > LOUDEST).sum()),
                "outputs": [len(out) for out, _ in found], "heard": [heard for _, heard in found]}
        sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + whole.tobytes() + b"".join(out for out, _ in found))
        sys.stdout.buffer.flush()


def timed(what):
    start = time.perf_counter_ns()
    what()
    return (time.perf_counter_ns() - start) / 1000


def cost(runs):
    models, sound = clip()
    features = list(MicroWakeWordFeatures().process_streaming(sound))

    def detect(word):
        for frame in features:
            word.process_streaming(frame)

    def front():
        # In pieces of 10 ms, as a microphone delivers them: the package gets slow with long ones.
        front_end = MicroWakeWordFeatures()
        for at in range(0, len(sound), 320):
            for _ in front_end.process_streaming(sound[at : at + 320]):
                pass

    times = {"features": [timed(front) for _ in range(runs)]}
    for name in models:
        times[name] = [timed(lambda: detect(words[name])) for _ in range(runs)]
    print(json.dumps(times))


if sys.argv[1] == "numbers":
    numbers()
else:
    cost(int(sys.argv[2]))
