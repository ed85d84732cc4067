"""Files of any kind, whole and in pieces."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from benchmark.file_embeddings.recording import open_recording, read_piece
from tests.bad_audio.files import FILES, SAMPLES, SWEEP
from tests.benchmark.file_embeddings.audio import RATE, noise, write


def pieces_of(path: Path, piece_seconds: int, rate: int) -> list[np.ndarray]:
    recording = open_recording(str(path), piece_seconds)
    return [read_piece(recording, piece, rate) for piece in range(recording.pieces)]


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("seconds", [0.01, 3.0, 9.0, 9.4, 12.5])
def test_pieces_are_the_whole_file_resampled_at_once(
    tmp_path: Path, rate: int, seconds: float
) -> None:
    path = write(tmp_path / "a.wav", noise(seconds, rate), rate)
    decoded, _ = soundfile.read(path, dtype="float32")
    expected = decoded if rate == RATE else soxr.resample(decoded, rate, RATE, quality="HQ")
    pieces = pieces_of(path, 3, RATE)
    lengths = [3 * RATE] * (len(pieces) - 1)
    assert [len(piece) for piece in pieces[:-1]] == lengths
    assert len(pieces) == {0.01: 1, 3.0: 1, 9.0: 3, 9.4: 3, 12.5: 4}[seconds]
    joined = np.concatenate(pieces)
    assert abs(len(joined) - len(expected)) <= 1
    np.testing.assert_allclose(joined[: len(expected)], expected[: len(joined)], atol=2e-6)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.flac", {"subtype": "PCM_24"}),
        ("a.ogg", {"format": "OGG", "subtype": "VORBIS"}),
        ("a.opus", {"format": "OGG", "subtype": "OPUS"}),
        ("a.mp3", {"format": "MP3", "subtype": "MPEG_LAYER_III"}),
        ("a.aiff", {"subtype": "PCM_16"}),
    ],
)
def test_pieces_begin_where_they_should_in_every_format(
    tmp_path: Path, name: str, how: dict[str, str]
) -> None:
    """Seeking in compressed audio could be off by a frame of its codec."""
    path = write(tmp_path / name, noise(8.5), **how)
    whole, _ = soundfile.read(path, dtype="float32")
    joined = np.concatenate(pieces_of(path, 2, RATE))
    assert len(joined) == len(whole)
    np.testing.assert_allclose(joined, whole, atol=1e-3)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = noise(1.0, seed=1), noise(1.0, seed=2)
    path = write(tmp_path / "a.wav", np.stack([left, right], axis=1), subtype="FLOAT")
    (mono,) = pieces_of(path, 3, RATE)
    np.testing.assert_allclose(mono, (left + right) / 2, atol=1e-6)


@pytest.mark.parametrize("name", FILES)
def test_faulty_files_are_read_right_or_refused_by_name(tmp_path: Path, name: str) -> None:
    """The corpus of `tests.bad_audio`: here any rate and number of channels is right."""
    bad = FILES[name]
    path = tmp_path / bad.name
    bad.make(path)
    try:
        read = np.concatenate(pieces_of(path, 300, RATE)) if not long(path) else None
    except (ValueError, OSError) as error:
        assert bad.error is None, f"refused: {error}"
        assert str(path) in str(error) or bad.name in str(error)
        return
    if bad.refused and not bad.corpus:
        pytest.fail(f"read, but it should be refused: {bad.refused}")
    if bad.error is not None and bad.sound and read is not None and len(read) == SAMPLES:
        assert np.abs(read - SWEEP).max() <= bad.error


def long(path: Path) -> bool:
    return path.exists() and path.is_file() and path.stat().st_size > 10_000_000


def test_damage_anywhere_in_a_long_file_refuses_all_of_it(tmp_path: Path) -> None:
    audio = noise(8.0)
    audio[7 * RATE] = np.nan
    path = write(tmp_path / "a.wav", audio, subtype="FLOAT")
    with pytest.raises(ValueError, match=r"a\.wav has 1 samples that are NaN .* at 7\.000 s"):
        open_recording(str(path), 2)


def test_a_file_of_less_than_a_sample_at_the_models_rate(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.zeros(1), 48_000)
    with pytest.raises(ValueError, match="shorter than a sample at 16000 Hz"):
        pieces_of(path, 3, RATE)
