"""Recordings of these tests."""

from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000  # Hz, of the modules that `write_module` writes


def noise(seconds: float, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Noise whose loudness rises with time, below 0.5."""
    draw = np.random.default_rng(seed)
    samples = round(seconds * rate)
    return draw.uniform(-0.5, 0.5, samples) * np.linspace(0.1, 1.0, samples)


def write(path: Path, audio: np.ndarray, rate: int = RATE, **how: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio, rate, **(how or {"subtype": "PCM_16"}))
    return path
