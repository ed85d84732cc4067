import sys
from pathlib import Path

import numpy as np
import pytest

from pretrain.data.corpus import Corpus
from pretrain.tools.speed.authors import AuthorsCost, AuthorsPipeline, save_clips

COST = AuthorsCost(crop=0.002, shift=0.006, log_mel=0.004)


@pytest.mark.parametrize(
    ("shifts", "log_mel", "speed"), [(1, False, 375.0), (1, True, 250.0), (3, True, 125.0)]
)
def test_three_crops_a_clip(shifts: int, log_mel: bool, speed: float) -> None:
    assert COST.crops_per_second(shifts, log_mel) == pytest.approx(speed)


def pipeline(tmp_path: Path, program: str) -> AuthorsPipeline:
    return AuthorsPipeline([sys.executable, "-c", program], tmp_path / "clips.npz", clips=4)


def test_seconds_are_per_clip_and_the_program_is_told_file_and_number(tmp_path: Path) -> None:
    told = "import sys, json; assert sys.argv[1].endswith('clips.npz') and sys.argv[2] == '4'; "
    lines = "print('warming up'); print(json.dumps({'crop': 1, 'shift': 2, 'log_mel': 8}))"
    assert pipeline(tmp_path, told + lines).cost() == AuthorsCost(0.25, 0.5, 2.0)


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("raise SystemExit('no librosa')", "failed with status 1; it said: no librosa"),
        ("print('3 s')", "its last line is to be JSON with crop, shift and log_mel"),
        ("print('{}')", "its last line is to be JSON"),
        ("", "its last line is to be JSON"),
    ],
)
def test_a_program_that_does_not_answer_is_named(
    tmp_path: Path, program: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        pipeline(tmp_path, program).cost()


def test_clips_are_those_longer_than_a_crop(tiny_corpus: Corpus, tmp_path: Path) -> None:
    save_clips(tiny_corpus, 8500, tmp_path / "clips.npz")
    file = np.load(tmp_path / "clips.npz")
    clips = np.split(file["samples"], file["offsets"][1:-1])
    expected = [1, 4, 5, 7]
    assert [len(clip) for clip in clips] == [20000, 9000, 16000, 12345]
    for clip, index in zip(clips, expected, strict=True):
        np.testing.assert_array_equal(clip, tiny_corpus.clip(index).numpy())
    with pytest.raises(ValueError, match="no clip of the corpus is longer than 20000 samples"):
        save_clips(tiny_corpus, 20000, tmp_path / "none.npz")
