"""`pretrain.fit`: the command from Python."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

import msssl_hear
import pretrain
from msssl_common.locks import FileLock

pytestmark = pytest.mark.usefixtures("few_statistics")

TINY = """
encoder: {size: 16, width: 0.25, depth: 0.3}
data: {synthetic_clips: 0}
run: {steps: 2, batch_size: 2, crop_frames: 32}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "audio").mkdir()
    for index in range(3):
        samples = np.random.default_rng(index).normal(0, 0.1, 8000)
        soundfile.write(tmp_path / "audio" / f"{index}.wav", samples, 16000)
    (tmp_path / "tiny.yaml").write_text(TINY)
    return tmp_path


def fit(folder: Path, **more: bool) -> Path:
    data, out = folder / "audio", folder / "run"
    return pretrain.fit(folder / "tiny.yaml", data=data, out=out, device="cpu", **more)


def test_it_trains_in_silence_to_weights_that_load(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    weights = fit(folder)
    assert capfd.readouterr() == ("", "")
    assert msssl_hear.load_model(str(weights)).scene_embedding_size > 0


def test_one_training_at_a_time_in_a_folder(folder: Path) -> None:
    (folder / "run").mkdir()
    lock = FileLock.take(folder / "run" / ".lock")
    assert lock is not None
    with pytest.raises(ValueError, match="another process is training"):
        fit(folder)
    lock.release()
    fit(folder)


def test_a_folder_that_holds_a_run_is_refused_before_the_audio_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit(folder)
    monkeypatch.setattr("pretrain.api.open_data", None)
    with pytest.raises(ValueError, match="holds a run already"):
        fit(folder)
