"""The task's reader and ``msbench tasks check`` on every faulty file."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmark.tasks.audio import read_clip
from benchmark.tasks.check.check_task import check_task
from benchmark.tasks.check.finding import KINDS
from benchmark.tasks.check.report import as_json
from benchmark.tasks.labels import read_scene_labels
from benchmark.tasks.task import read_task
from tests.bad_audio.files import FILES, RATE, SAMPLES, SWEEP, Bad
from tests.benchmark.tasks.made_task import make_task, write_json

pytestmark = pytest.mark.filterwarnings("error")


def task_with(folder: Path, bad: Bad) -> Path:
    """A task of any length of clips, with the file as a clip of its training split."""
    make_task(folder, {s: {f"{s}.wav": ["cat"]} for s in ("train", "valid", "test")})
    path = folder / "task_metadata.json"
    write_json(path, json.loads(path.read_text()) | {"sample_duration": None})
    write_json(folder / "train.json", {bad.name: ["cat"], "train.wav": ["dog"]})
    bad.make(folder / str(RATE) / "train" / bad.name)
    return folder


def assert_sweep(audio: np.ndarray, error: float) -> None:
    """The sweep, or the sweep again and again."""
    assert len(audio) % SAMPLES == 0 and len(audio)
    for start in {0, len(audio) // SAMPLES // 2 * SAMPLES, len(audio) - SAMPLES}:
        assert np.abs(audio[start : start + SAMPLES] - SWEEP).max() < error


@pytest.mark.parametrize("what", FILES)
def test_it_is_read_right_or_refused_by_name(tmp_path: Path, what: str) -> None:
    bad = FILES[what]
    task = read_task(task_with(tmp_path / "made", bad))
    name = next(iter(read_scene_labels(task, "train")))
    if bad.error is None:
        with pytest.raises((ValueError, OSError)) as caught:
            read_clip(task, "train", name, RATE)
        assert str(task.folder / str(RATE) / "train" / name) in str(caught.value)
        assert bad.refused in str(caught.value)
        assert "\n" not in str(caught.value)
        return
    audio = read_clip(task, "train", name, RATE)
    assert audio.dtype == np.float32 and audio.ndim == 1 and np.isfinite(audio).all()
    if bad.sound:
        assert_sweep(audio, bad.error)
    else:
        assert len(audio) in (1, SAMPLES)
    assert read_clip(task, "train", "train.wav", RATE).shape == (8000,)


@pytest.mark.parametrize("what", FILES)
def test_the_check_finds_it_and_goes_on(tmp_path: Path, what: str) -> None:
    bad = FILES[what]
    found = check_task(task_with(tmp_path / "made", bad), lambda done, total: None)
    json.loads(as_json([found]))
    errors = [f for f in found.findings if KINDS[f.kind] == "error" and f.clip is not None]
    ours = [finding for finding in errors if finding.clip.startswith(bad.name[:3])]
    assert bool(ours) == (bad.error is None), [f.message for f in found.findings]
    for finding in ours:
        assert finding.message.isprintable()


def test_a_clip_whose_name_is_too_long_for_the_disk(tmp_path: Path) -> None:
    folder = task_with(tmp_path / "made", FILES["WAV cut"])
    write_json(folder / "train.json", {"a" * 300 + ".wav": ["cat"], "train.wav": ["dog"]})
    found = check_task(folder, lambda done, total: None)
    assert "unreadable-audio" in {finding.kind for finding in found.findings}
    with pytest.raises(OSError, match="too long"):
        read_clip(read_task(folder), "train", "a" * 300 + ".wav", RATE)


def test_the_corpus_is_large() -> None:
    assert len(FILES) >= 40
