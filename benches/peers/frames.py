"""How long Python takes to make the datagram of a frame of 60 ms: Opus and AES. Prints microseconds, a JSON list.

usage: frames.py FILE      FILE: sound, 16 kHz mono s16le

With the packages that Python clients of xiaozhi use, the encoder set as ours is. The header is packed in one call, and
the cipher's key is set up once, although a new counter needs a new encryptor each time.
"""

import json
import os
import struct
import sys
import time

import opuslib
import opuslib.api.ctl
import opuslib.api.encoder
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

FRAME = 960

encoder = opuslib.Encoder(16000, 1, opuslib.APPLICATION_AUDIO)
encoder.complexity = 0
# The property `dtx` asks and does not set.
opuslib.api.encoder.encoder_ctl(encoder.encoder_state, opuslib.api.ctl.set_dtx, 1)
key = algorithms.AES(os.urandom(16))


def datagram(sound: bytes, timestamp: int, sequence: int) -> bytes:
    packet = encoder.encode(sound, FRAME)
    header = struct.pack(">BBHIII", 1, 0, len(packet), 0xA1B2C3D4, timestamp, sequence)
    return header + Cipher(key, modes.CTR(header)).encryptor().update(packet)


with open(sys.argv[1], "rb") as file:
    speech = file.read()
times = []
for sequence in range(len(speech) // (2 * FRAME)):
    sound = speech[2 * FRAME * sequence : 2 * FRAME * (sequence + 1)]
    start = time.perf_counter_ns()
    made = datagram(sound, 60 * sequence, sequence + 1)
    times.append((time.perf_counter_ns() - start) / 1000)
    assert len(made) > 16
print(json.dumps({"us": times}))
