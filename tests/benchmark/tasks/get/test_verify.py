"""What ``get`` checks before a task gets its name."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmark.tasks.get.workplace import verify_task
from tests.benchmark.tasks.made_task import event_task, scene_task, tone

CLIP = Path("16000/train/train-0.wav")


def test_scenes_and_events(tmp_path: Path) -> None:
    scene = verify_task(scene_task(tmp_path / "scene"), 16000)
    assert (scene.clips, scene.seconds) == (9, 4.5)
    event = verify_task(event_task(tmp_path / "event", seconds=2.0), 16000)
    assert (event.clips, event.seconds) == (3, 6.0)


def test_clips_of_any_length(tmp_path: Path) -> None:
    folder = scene_task(tmp_path / "scene", sample_duration=None)
    soundfile.write(folder / CLIP, tone(1.5), 16000)
    assert verify_task(folder, 16000).seconds == 8 * 0.5 + 1.5


@pytest.mark.parametrize("samples", [-8, 8])
def test_resampling_may_be_a_sample_off(tmp_path: Path, samples: int) -> None:
    folder = scene_task(tmp_path / "scene")
    soundfile.write(folder / CLIP, np.zeros(8000 + samples), 16000)
    verify_task(folder, 16000)


@pytest.mark.parametrize(
    ("audio", "rate", "said"),
    [
        (np.zeros(8009), 16000, "has 8009 samples instead of 8000"),
        (np.zeros(0), 16000, "has 0 samples"),
        (np.zeros(8000), 22050, "at 22050 Hz"),
        (np.zeros((8000, 2)), 16000, "in 2 channels"),
        (None, 0, "is missing"),
        (b"", 0, "Error opening"),
    ],
)
def test_clips_that_are_wrong(tmp_path: Path, audio: object, rate: int, said: str) -> None:
    folder = scene_task(tmp_path / "scene")
    if isinstance(audio, np.ndarray):
        soundfile.write(folder / CLIP, audio, rate)
    elif audio is None:
        (folder / CLIP).unlink()
    else:
        (folder / CLIP).write_bytes(b"")
    with pytest.raises(ValueError, match=said) as wrong:
        verify_task(folder, 16000)
    assert str(CLIP) in str(wrong.value)
    assert "1 of 9 clips at 16000 Hz" in str(wrong.value)


def test_labels_outside_the_vocabulary(tmp_path: Path) -> None:
    folder = scene_task(tmp_path / "scene")
    (folder / "test.json").write_text(json.dumps({"test-0.wav": ["bird"]}))
    with pytest.raises(ValueError, match=r"label 'bird' of clip 'test-0.wav'"):
        verify_task(folder, 16000)
