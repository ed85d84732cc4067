from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from msssl_common.csv_tables import csv_table
from pretrain.data.audio import find_audio
from pretrain.data.corpus import read_corpus, to_float


def sine(rate: int, seconds: float = 0.5, frequency: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


@pytest.mark.parametrize(
    ("name", "rate", "subtype"),
    [
        ("a.wav", 16000, "PCM_16"),
        ("a.wav", 16000, "PCM_U8"),
        ("a.wav", 48000, "PCM_24"),
        ("a.WAV", 44100, "FLOAT"),
        ("a.flac", 44100, "PCM_16"),
        ("a.ogg", 22050, "VORBIS"),
        ("a.ogg", 16000, "OPUS"),
        ("a.mp3", 44100, "MPEG_LAYER_III"),
    ],
)
def test_every_kind_of_file_becomes_the_same_tone(
    tmp_path: Path, name: str, rate: int, subtype: str
) -> None:
    soundfile.write(tmp_path / name, sine(rate), rate, subtype=subtype)
    corpus = read_corpus(tmp_path)
    samples = to_float(corpus.clip(0)).numpy()
    assert corpus.samples.dtype == torch.int16
    assert abs(len(samples) - 8000) < 1200  # lossy codecs pad
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    peak = spectrum.argmax() * 16000 / len(samples)
    assert abs(peak - 440) < 5
    assert abs(np.sqrt(np.mean(samples[1000:6000] ** 2)) - 0.5 / np.sqrt(2)) < 0.02


def test_channels_are_averaged_and_16_bit_samples_kept(tmp_path: Path) -> None:
    left = np.array([100, 200, -300, 32767], dtype=np.int16)
    right = np.array([300, -200, -100, 32767], dtype=np.int16)
    soundfile.write(tmp_path / "stereo.wav", np.stack([left, right], axis=1), 16000)
    assert read_corpus(tmp_path).samples.tolist() == [200, 0, -200, 32767]


def test_long_files_are_the_same_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(tmp_path / "long.wav", sine(44100, seconds=5), 44100)
    whole = read_corpus(tmp_path).samples
    monkeypatch.setattr("pretrain.data.audio.BLOCK_SECONDS", 1)
    blocks = read_corpus(tmp_path).samples
    assert whole.shape == blocks.shape and len(whole) == 80000
    assert int((whole.int() - blocks.int()).abs().max()) <= 1


def test_bad_files_are_named_and_skipped(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    soundfile.write(tmp_path / "good.wav", sine(16000), 16000)
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16000)
    broken = np.array([0.1, np.nan, 0.1])
    soundfile.write(tmp_path / "nan.wav", broken, 16000, subtype="FLOAT")
    (tmp_path / "corrupt.mp3").write_bytes(b"this is text")
    (tmp_path / "zero.flac").touch()
    (tmp_path / "notes.txt").write_text("not audio")
    corpus = read_corpus(tmp_path)
    assert corpus.names == ("good.wav",)
    assert len(corpus.skipped) == 4
    printed = capsys.readouterr().err
    assert "skipped 4 of 5 files" in printed
    assert "empty.wav: holds no samples" in printed
    assert "nan.wav: has 1 samples that are NaN or infinite" in printed
    assert "corrupt.mp3: cannot be read as audio" in printed


def test_nothing_left_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such folder"):
        read_corpus(tmp_path / "absent")
    with pytest.raises(ValueError, match="no audio files in it"):
        read_corpus(tmp_path)
    (tmp_path / "corrupt.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"none of its 1 audio files can be used \(corrupt.wav"):
        read_corpus(tmp_path)


def test_sources_come_from_folders_or_from_the_manifest(tmp_path: Path) -> None:
    for name in ("speech/a.wav", "music/deep/b.wav", "c.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / name, sine(16000), 16000)
    corpus = read_corpus(tmp_path)
    assert corpus.names == ("c.wav", "music/deep/b.wav", "speech/a.wav")
    assert corpus.sources == (tmp_path.name, "music", "speech")
    (tmp_path / "manifest.csv").write_text("file,source\nspeech/a.wav,radio\n")
    assert read_corpus(tmp_path).sources == (tmp_path.name, "music", "radio")
    rows = [{"file": "speech/a.wav", "source": "=1+1"}]
    (tmp_path / "manifest.csv").write_text(csv_table(["file", "source"], rows))
    assert read_corpus(tmp_path).sources == (tmp_path.name, "music", "=1+1")
    (tmp_path / "manifest.csv").write_text("path,source\n")
    with pytest.raises(ValueError, match="no column 'file'"):
        read_corpus(tmp_path)


def test_fingerprint_tells_corpora_apart(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", sine(16000), 16000)
    before = read_corpus(tmp_path)
    assert before.fingerprint() == read_corpus(tmp_path).fingerprint()
    assert abs(before.hours * 3600 - 0.5) < 1e-9
    soundfile.write(tmp_path / "a.wav", sine(16000, seconds=0.6), 16000)
    assert before.fingerprint() != read_corpus(tmp_path).fingerprint()


@pytest.mark.parametrize("gone", ["b/1.wav", "b"])
def test_files_that_go_while_they_are_read_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    """Unlike bad ones, they can be put back: the same training is not to go on without them."""
    for index in range(2):
        (tmp_path / "ab"[index]).mkdir()
        soundfile.write(tmp_path / "ab"[index] / f"{index}.wav", sine(16000), 16000)
    files = find_audio(tmp_path)

    def found_before(folder: Path) -> list[Path]:
        (tmp_path / gone).rename(tmp_path / "moved")
        return files

    monkeypatch.setattr("pretrain.data.corpus.find_audio", found_before)
    with pytest.raises(FileNotFoundError, match=f"{gone} is gone, .*: put it back"):
        read_corpus(tmp_path)
