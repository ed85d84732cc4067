"""An MP3 of a few seconds, whole or with flipped bytes in which libmpg123 resynchronises."""

import io
from pathlib import Path

import numpy as np
import soundfile


def write_mp3(path: Path, damaged: bool = True, rate: int = 16000, step: int = 97) -> Path:
    wave = 0.3 * np.sin(0.05 * np.arange(2 * rate)) + 0.05 * np.random.default_rng(0).normal(
        size=2 * rate
    )
    file = io.BytesIO()
    soundfile.write(file, wave, rate, format="MP3")
    data = bytearray(file.getvalue())
    if damaged:
        for place in range(800, len(data), step):
            data[place] ^= 0x5A
    path.write_bytes(data)
    return path
