from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from benchmark.tasks.audio import read_clip, source_rate
from benchmark.tasks.task import Task, read_task
from tests.benchmark.tasks.made_task import RATE, make_task, scene_task, tone


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return read_task(scene_task(tmp_path / "made"))


def replace_clip(task: Task, audio: np.ndarray, rate: int = RATE, subtype: str = "FLOAT") -> Path:
    path = task.folder / str(RATE) / "train" / "train-0.wav"
    soundfile.write(path, audio, rate, subtype=subtype)
    return path


def test_pcm16_comes_back_as_float32(task: Task) -> None:
    audio = read_clip(task, "train", "train-0.wav", RATE)
    assert audio.dtype == np.float32
    assert audio.shape == (8000,)
    np.testing.assert_allclose(audio, tone(0.5), atol=1 / 32768)


@pytest.mark.parametrize("suffix", ["flac", "ogg", "wav"])
def test_any_format_that_soundfile_reads(tmp_path: Path, suffix: str) -> None:
    labels = {split: {f"a.{suffix}": ["cat"]} for split in ("train", "valid", "test")}
    task = read_task(make_task(tmp_path / "made", labels))
    audio = read_clip(task, "train", f"a.{suffix}", RATE)
    assert audio.shape == (8000,)
    np.testing.assert_allclose(audio[1000:-1000], tone(0.5)[1000:-1000], atol=0.05)


def test_the_nearest_higher_rate_serves(tmp_path: Path) -> None:
    task = read_task(scene_task(tmp_path / "made", rate=48000))
    (task.folder / "96000").mkdir()
    (task.folder / "notes").mkdir()
    assert source_rate(task, 16000) == 48000
    audio = read_clip(task, "train", "train-0.wav", 16000)
    assert audio.shape == (8000,)
    stored, _ = soundfile.read(task.folder / "48000/train/train-0.wav", dtype="float32")
    np.testing.assert_array_equal(audio, soxr.resample(stored, 48000, 16000, quality="HQ"))
    middle = slice(500, -500)  # resampling rings where the tone begins and ends
    np.testing.assert_allclose(audio[middle], tone(0.5)[middle], atol=1e-4)


def test_the_exact_rate_wins_and_uneven_ratios_fit(tmp_path: Path) -> None:
    task = read_task(scene_task(tmp_path / "made", rate=44100, seconds=0.333))
    assert source_rate(task, 44100) == 44100
    assert read_clip(task, "train", "train-0.wav", 44100).shape == (round(0.333 * 44100),)
    assert read_clip(task, "train", "train-0.wav", 32000).shape == (round(0.333 * 32000),)


def test_audio_is_never_upsampled(task: Task) -> None:
    with pytest.raises(FileNotFoundError, match=r"has audio at 16000 Hz only, and the model needs"):
        read_clip(task, "train", "train-0.wav", 32000)


def test_a_few_samples_are_fitted_and_more_is_refused(task: Task) -> None:
    replace_clip(task, tone(0.5)[:-3])
    audio = read_clip(task, "train", "train-0.wav", RATE)
    assert audio.shape == (8000,)
    assert (audio[-3:] == 0).all()
    replace_clip(task, np.append(tone(0.5), [1.0, 1.0]))
    np.testing.assert_allclose(read_clip(task, "train", "train-0.wav", RATE), tone(0.5), atol=1e-6)
    path = replace_clip(task, tone(0.45))
    with pytest.raises(ValueError) as caught:
        read_clip(task, "train", "train-0.wav", RATE)
    assert f"{path} lasts 0.450 s, but every clip of this task lasts 0.5 s" in str(caught.value)


def test_any_length_where_the_task_has_no_duration(tmp_path: Path) -> None:
    task = read_task(scene_task(tmp_path / "made", sample_duration=None))
    replace_clip(task, tone(0.123))
    assert read_clip(task, "train", "train-0.wav", RATE).shape == (1968,)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is an empty file (0 bytes)"),
        (b"RIFF....", "cannot be read as audio"),
        (b"no sound at all" * 100, "cannot be read as audio"),
    ],
)
def test_corrupt_files(task: Task, content: bytes, sentence: str) -> None:
    path = task.folder / str(RATE) / "train" / "train-0.wav"
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        read_clip(task, "train", "train-0.wav", RATE)
    assert str(caught.value).startswith(f"{path} {sentence}")
    assert str(caught.value).count("\n") == 0


def test_a_wav_cut_short_is_refused(task: Task) -> None:
    path = task.folder / str(RATE) / "train" / "train-0.wav"
    path.write_bytes(path.read_bytes()[:9000])
    promise = "was cut: its header promises 16000 bytes of audio, but 8956 are there"
    with pytest.raises(ValueError, match=promise):
        read_clip(task, "train", "train-0.wav", RATE)


def test_stereo_no_samples_wrong_rate_and_nan(task: Task) -> None:
    path = replace_clip(task, np.stack([tone(0.5)] * 2, axis=1))
    with pytest.raises(ValueError, match=r"train-0.wav has 2 channels: HEAR's clips are mono"):
        read_clip(task, "train", "train-0.wav", RATE)
    replace_clip(task, np.zeros(0))
    with pytest.raises(ValueError, match=r"train-0.wav has no samples"):
        read_clip(task, "train", "train-0.wav", RATE)
    replace_clip(task, tone(0.5, 22050), 22050)
    with pytest.raises(ValueError, match="is at 22050 Hz, but lies in the folder of 16000 Hz"):
        read_clip(task, "train", "train-0.wav", RATE)
    broken = tone(0.5)
    broken[[4000, 4001, 7000]] = np.nan, np.inf, -np.inf
    replace_clip(task, broken)
    with pytest.raises(ValueError) as caught:
        read_clip(task, "train", "train-0.wav", RATE)
    assert str(caught.value) == (
        f"{path} has 3 samples that are NaN or infinite, the first at 0.250 s."
    )


def test_missing_audio(task: Task) -> None:
    (task.folder / str(RATE) / "train" / "train-0.wav").unlink()
    with pytest.raises(FileNotFoundError, match=r"train-0.wav is missing, but train.json of made"):
        read_clip(task, "train", "train-0.wav", RATE)


def test_no_audio_at_all(task: Task) -> None:
    (task.folder / str(RATE)).rename(task.folder / "audio")
    with pytest.raises(FileNotFoundError, match=r"made has no audio: .* a folder 16000/ of clips"):
        read_clip(task, "train", "train-0.wav", RATE)
