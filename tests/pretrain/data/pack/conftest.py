from pathlib import Path

import numpy as np
import pytest
import soundfile


def noise(seed: int, seconds: float = 0.6, level: float = 0.1) -> np.ndarray:
    samples = np.random.default_rng(seed).normal(0, level, int(16000 * seconds))
    return np.rint(samples * 32768).clip(-32768, 32767).astype(np.int16)


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """Ten files: six that differ, a copy in another format, silence, nonsense, an empty file."""
    folder = tmp_path / "audio"
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    for index in range(6):
        soundfile.write(folder / "ab"[index % 2] / f"{index}.wav", noise(index), 16000)
    soundfile.write(folder / "b" / "copy.of.0.flac", noise(0), 16000)
    soundfile.write(folder / "b" / "quiet.wav", noise(7, level=5e-4), 16000)
    (folder / "b" / "text.wav").write_text("no audio")
    soundfile.write(folder / "a" / "nothing.wav", noise(0, 0.0), 16000)
    return folder
