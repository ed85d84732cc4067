"""``msbench tasks make``'s reader on every faulty file, and on audio that 16 bits do not hold."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmark.tasks.make.convert import convert_some, read_mono
from benchmark.tasks.make.plan import RawClip
from pretrain.data.corpus import read_corpus
from tests.bad_audio.files import FILES, RATE, SAMPLES, SWEEP
from tests.bad_audio.test_tasks import assert_sweep


@pytest.mark.parametrize("what", [what for what in FILES if what != "half an hour"])
def test_it_is_read_right_or_refused_by_name(tmp_path: Path, what: str) -> None:
    """The same files as for run and pretrain; other rates, channels and names are right here."""
    bad, path = FILES[what], tmp_path / FILES[what].name
    bad.make(path)
    if bad.error is None and not bad.corpus and what != "a name that is no UTF-8":
        with pytest.raises(ValueError) as caught:
            read_mono(path, None)
        assert str(path) in str(caught.value)
        assert str(caught.value).removeprefix(str(path)).isprintable()
        return
    if what == "a name that is no UTF-8":
        return
    audio, rate = read_mono(path, None)
    assert audio.dtype == np.float32 and audio.ndim == 1 and np.isfinite(audio).all()
    if bad.sound and not bad.corpus:
        assert_sweep(audio, bad.error)
    elif not bad.corpus:
        assert len(audio) in (1, SAMPLES)
    else:
        assert abs(len(audio) / rate - SAMPLES / RATE) < 1e-3


LOST = {
    "24 bits at -110 dBFS": (SWEEP / 0.5 * 10 ** (-110 / 20), "is too quiet for 16 bits"),
    "24 bits at -85 dBFS": (SWEEP / 0.5 * 10 ** (-85 / 20), "its peak is -85 dBFS, 2 of 32768"),
    "4 times full scale": (8 * SWEEP, "exceeds full scale"),
    "opposite channels": (np.stack([SWEEP, -SWEEP], 1), "they cancel each other out"),
}


@pytest.mark.parametrize("what", LOST)
def test_what_16_bits_do_not_hold_is_said_by_make_and_pretrain(
    tmp_path: Path, capsys: pytest.CaptureFixture, what: str
) -> None:
    audio, said = LOST[what]
    subtype = "FLOAT" if "full" in what else "PCM_24"
    soundfile.write(tmp_path / "clip.wav", audio, RATE, subtype=subtype)
    (tmp_path / "made" / "16000" / "train").mkdir(parents=True)
    clip = RawClip(source=tmp_path / "clip.wav", stem="clip", split="train")
    converted = convert_some([clip], None, (16000,), tmp_path / "made")
    assert said in converted.lost[clip]
    (tmp_path / "made" / "16000" / "train" / "clip.wav").unlink()
    assert read_corpus(tmp_path).names == ("clip.wav",)
    assert said in capsys.readouterr().err


def test_audio_that_16_bits_hold_is_passed_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    soundfile.write(tmp_path / "clip.wav", SWEEP, RATE, subtype="PCM_24")
    soundfile.write(tmp_path / "zeros.wav", np.zeros(SAMPLES), RATE)
    overshoot = SWEEP.copy()
    overshoot[5] = 1.2  # a sample of 8000, as MP3 decoders leave
    soundfile.write(tmp_path / "mp3.wav", overshoot, RATE, subtype="FLOAT")
    (tmp_path / "made" / "16000" / "train").mkdir(parents=True)
    for name in ("clip", "zeros", "mp3"):
        clip = RawClip(source=tmp_path / f"{name}.wav", stem=name, split="train")
        assert not convert_some([clip], None, (16000,), tmp_path / "made").lost
    read_corpus(tmp_path)
    assert capsys.readouterr().err == ""
