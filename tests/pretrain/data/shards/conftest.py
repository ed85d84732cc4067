from pathlib import Path

import numpy as np
import pytest
import soundfile

from pretrain.data.pack.clip import PackArgs
from pretrain.data.pack.pack import pack
from pretrain.data.pack.wanted import clips_of_folder

CLIPS, PER_SHARD = 27, 4


@pytest.fixture(scope="session")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips that differ, 0.2 to 1.5 s; no sample twice in one clip, so that places can be told."""
    folder = tmp_path_factory.mktemp("audio")
    generator = np.random.default_rng(0)
    for index in range(CLIPS):
        length = int(generator.integers(3200, 24000))
        samples = generator.permutation(65536)[:length].astype(np.int64) - 32768
        path = folder / "ab"[index % 2] / f"{index}, take.2.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, samples.astype(np.int16), 16000)
    return folder


@pytest.fixture(scope="session")
def shards(audio: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("shards")
    pack(clips_of_folder(audio), audio, out, PackArgs(clips_per_shard=PER_SHARD), 1)
    return out
