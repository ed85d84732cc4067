from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from benchmark.tasks.make.convert import Written, read_mono, write_clip, write_wav
from benchmark.tasks.make.plan import RawClip


def convert(source: Path, folder: Path, seconds: float | None, rate: int) -> np.ndarray:
    (folder / str(rate) / "train").mkdir(parents=True)
    write_clip(RawClip(source=source, stem="clip", split="train"), seconds, (rate,), folder)
    audio, file_rate = soundfile.read(folder / str(rate) / "train" / "clip.wav", dtype="int16")
    assert file_rate == rate
    return audio


def test_sixteen_bits_at_the_same_rate_are_kept_exactly(tmp_path: Path) -> None:
    every_value = np.arange(-32768, 32768, dtype=np.int16)
    soundfile.write(tmp_path / "raw.wav", every_value, 16000, subtype="PCM_16")
    np.testing.assert_array_equal(convert(tmp_path / "raw.wav", tmp_path, None, 16000), every_value)


def test_channels_are_averaged(tmp_path: Path) -> None:
    stereo = np.array([[1000, 3000], [-400, 0], [32767, 32767]], np.int16)
    soundfile.write(tmp_path / "raw.flac", stereo, 22050, subtype="PCM_16")
    mono = convert(tmp_path / "raw.flac", tmp_path, None, 22050)
    np.testing.assert_array_equal(mono, [2000, -200, 32767])


def test_padding_comes_before_resampling(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    raw = generator.uniform(-0.4, 0.4, 30000).astype(np.float32)
    soundfile.write(tmp_path / "raw.wav", raw, 44100, subtype="FLOAT")
    made = convert(tmp_path / "raw.wav", tmp_path, 1.0, 16000)
    padded = np.concatenate([raw, np.zeros(44100 - 30000, np.float32)])
    expected = soxr.resample(padded, 44100, 16000, "HQ")
    assert len(made) == 16000
    np.testing.assert_allclose(made / 32768, expected, atol=0.5001 / 32768)


def test_loud_samples_are_clipped_not_wrapped(tmp_path: Path) -> None:
    write_wav(tmp_path / "loud.wav", np.array([1.5, -1.5, 0.5], np.float32), 16000)
    audio, _ = soundfile.read(tmp_path / "loud.wav", dtype="int16")
    np.testing.assert_array_equal(audio, [32767, -32768, 16384])
    assert [path.name for path in tmp_path.iterdir()] == ["loud.wav"]


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "16000" / "train").mkdir(parents=True)
    (tmp_path / "16000" / "train" / "clip.wav").touch()
    clip = RawClip(source=tmp_path / "missing.wav", stem="clip", split="train")
    assert write_clip(clip, None, (16000,), tmp_path) == Written()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "is missing"),
        (b"", "is an empty file"),
        (b"this is no audio at all", "cannot be read as audio"),
    ],
)
def test_sources_that_are_no_audio(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "raw.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f"raw.wav {reason}"):
        read_mono(path, None)


def test_sources_without_samples_or_with_nan(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 16000)
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan]), 16000, subtype="FLOAT")
    with pytest.raises(ValueError, match="has no samples"):
        read_mono(tmp_path / "none.wav", None)
    with pytest.raises(ValueError, match="NaN"):
        read_mono(tmp_path / "nan.wav", None)
