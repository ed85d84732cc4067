"""Pretraining's reader on all faulty files at once, with a good one among them."""

from pathlib import Path

import pytest

from pretrain.data.corpus import read_corpus
from tests.bad_audio.files import FILES, NOT_FOUND, SAMPLES, WAV
from tests.bad_audio.test_tasks import assert_sweep


def test_each_is_read_right_or_skipped_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    names = {}
    for number, (what, bad) in enumerate(FILES.items()):
        if what == "half an hour":
            continue
        names[what] = f"{number}/{bad.name}"
        (tmp_path / str(number)).mkdir()
        bad.make(tmp_path / names[what])
    (tmp_path / "good.wav").write_bytes(WAV)
    corpus = read_corpus(tmp_path)
    assert len(corpus.fingerprint()) == 64
    printed = capsys.readouterr().err
    assert printed.replace("\n", "").isprintable()
    read = {name: corpus.clip(i).numpy() / 32768 for i, name in enumerate(corpus.names)}
    assert_sweep(read.pop("good.wav"), 1e-4)
    for what, name in names.items():
        bad, skipped = FILES[what], [s for s in corpus.skipped if s.startswith(f"{name}: ")]
        if what in NOT_FOUND:
            assert name not in read and not skipped
        elif bad.error is None and not bad.corpus:
            assert name not in read and len(skipped) == 1, what
            assert len(skipped[0]) > len(name) + 10
            assert f"skipped {name.split('/')[0]}/" in printed
        elif bad.sound and not bad.corpus:
            assert_sweep(read.pop(name), max(bad.error, 1e-4))
        else:
            assert len(read.pop(name)) in (1, SAMPLES), what
    assert not read
