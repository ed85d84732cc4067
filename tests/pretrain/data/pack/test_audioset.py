from pathlib import Path

import numpy as np
import pytest
import soundfile

from pretrain.data.pack.audioset import clips_of_lists, read_segments
from pretrain.data.pack.clip import Dropped, PackArgs, Packed, prepare
from pretrain.data.pack.codec import decode

RATE = 16000
BALANCED = """# Segments csv created Sun Mar  5 10:54:31 2017
# num_ytids=22160, num_segs=22160, num_unique_labels=527, num_positive_labels=52882
# YTID, start_seconds, end_seconds, positive_labels
--4gqARaEJE, 0.000, 10.000, "/m/068hy,/m/07q6cd_,/m/0bt9lr,/m/0jbk"
-0SdAVK79lg, 30.000, 40.000, "/m/02p0sh1,/m/04rlf"
Yellow_-123, 20.000, 30.000, "/m/04rlf"
gone-gone-1, 50.000, 60.000, "/m/0dgw9r"
"""


def ramp(seconds: int) -> np.ndarray:
    """A sawtooth whose amplitude tells the second it is in."""
    samples = np.arange(seconds * RATE)
    return ((samples % 100) * (samples // RATE + 1)).astype(np.int16)


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "balanced_train_segments.csv"
    path.write_text(BALANCED)
    audio = tmp_path / "audio"
    (audio / "deep").mkdir(parents=True)
    soundfile.write(audio / "Y--4gqARaEJE.wav", ramp(10), RATE)  # the clip itself
    soundfile.write(audio / "deep" / "-0SdAVK79lg.flac", ramp(45), RATE)  # the whole video
    soundfile.write(audio / "Yellow_-123_20000.wav", ramp(10), RATE)
    soundfile.write(audio / "Yellow_-123_90000.wav", ramp(3), RATE)  # of another list
    return path


def test_the_lines_are_audioset_s(listed: Path) -> None:
    segments = list(read_segments(listed))
    assert segments[1] == ("-0SdAVK79lg", 30.0, 40.0, "/m/02p0sh1,/m/04rlf")
    assert len(segments) == 4


def test_clips_find_their_files_whatever_the_download_called_them(listed: Path) -> None:
    clips = clips_of_lists([listed, listed], listed.parent / "audio")
    assert [(clip.clip_id, clip.path) for clip in clips] == [
        ("--4gqARaEJE_0", "Y--4gqARaEJE.wav"),
        ("-0SdAVK79lg_30000", "deep/-0SdAVK79lg.flac"),
        ("Yellow_-123_20000", "Yellow_-123_20000.wav"),
        ("gone-gone-1_50000", None),
    ]
    assert clips[0].source == "balanced_train_segments"
    assert clips[0].labels == "/m/068hy,/m/07q6cd_,/m/0bt9lr,/m/0jbk"


def test_a_clip_is_cut_from_a_whole_video_but_not_twice(listed: Path) -> None:
    folder = listed.parent / "audio"
    results = [prepare(c, folder, PackArgs()).clip for c in clips_of_lists([listed], folder)]
    expected = [ramp(10), ramp(45)[30 * RATE : 40 * RATE], ramp(10)]
    for result, samples in zip(results[:3], expected, strict=True):
        assert isinstance(result, Packed)
        np.testing.assert_array_equal(decode(result.data), samples)
    assert isinstance(results[3], Dropped) and results[3].why == "missing"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# only a comment\n", "no clips in it"),
        ("abc, 1.0\n", "line 1: 'abc, 1.0' is not YTID, start_seconds, end_seconds"),
        ("# c\nabc, 5, 2, x\n", "line 2: "),
        ("abc, nan, 2, x\n", "line 1: "),
    ],
)
def test_other_files_are_refused_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=sentence):
        list(read_segments(path))
    with pytest.raises(FileNotFoundError, match="no such list"):
        list(read_segments(tmp_path / "none.csv"))
