from dataclasses import replace

import numpy as np
import pytest

from benchmark.tasks.embedded import pitch
from benchmark.tasks.embedded.recipe import SPLITS
from benchmark.tasks.embedded.signal import SAMPLE_RATE, Signal, clip_random
from benchmark.tasks.embedded.timbre import TIMBRES, note
from benchmark.tasks.embedded.tones import note_frequency

ALL = {name: timbre for split in SPLITS for name, timbre in TIMBRES[split].items()}


def period_frequency(audio: Signal) -> float:
    """Fundamental in Hz: the first high peak of the autocorrelation, between two samples."""
    size = 4 * len(audio)
    power = np.abs(np.fft.rfft(audio, size)) ** 2
    fine = 16  # autocorrelation interpolated by zero-padding its spectrum
    correlation = np.fft.irfft(power, size * fine)[: len(audio) * fine // 8]
    correlation /= correlation[0]
    lag = int(np.argmax(correlation < 0.3))  # past the peak at lag 0
    threshold = 0.9 * correlation[lag:].max()
    lag += int(np.argmax(correlation[lag:] > threshold))
    while correlation[lag + 1] > correlation[lag]:
        lag += 1
    return SAMPLE_RATE * fine / lag


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("key", [33, 60, 79])
def test_clean_notes_have_their_pitch(name: str, key: int) -> None:
    clean = replace(ALL[name], inharmonicity=0.0, vibrato=0.0, tremolo=0.0, breath=-90.0, ring=None)
    audio = note(clip_random(1, key), clean, note_frequency(key), SAMPLE_RATE)
    cents = 1200 * np.log2(period_frequency(audio) / note_frequency(key))
    assert abs(cents) < 15.0


def test_missing_harmonics_are_missing_and_leave_the_period() -> None:
    timbre = TIMBRES["train"]["small speaker"]
    audio = note(clip_random(2), timbre, 200.0, SAMPLE_RATE)
    power = np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) ** 2
    assert power[195:206].max() < 1e-3 * power[595:606].max()
    assert period_frequency(audio) == pytest.approx(200.0, rel=0.01)


def test_the_highest_note_of_every_timbre_sounds() -> None:
    for name, timbre in ALL.items():
        audio = note(clip_random(3), timbre, note_frequency(108.15), SAMPLE_RATE)
        assert np.isfinite(audio).all(), name
        assert np.abs(audio).max() > 0.005, name


def test_no_timbre_is_in_two_splits() -> None:
    names = [set(TIMBRES[split]) for split in SPLITS]
    assert [len(split) for split in names] == [12, 4, 4]
    assert len(set.union(*names)) == 20
    assert len(set(ALL.values())) == 20


def test_the_vocabulary_is_the_keyboard_without_a_gap() -> None:
    assert pitch.RECIPE.vocabulary == tuple(str(key) for key in range(21, 109))


@pytest.mark.parametrize("split", SPLITS)
def test_every_key_and_every_timbre_of_a_split_is_played(
    split: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pitch, "note", lambda *_: np.ones(10))
    monkeypatch.setattr(pitch, "recorded", lambda _rng, audio, *_, **__: audio)
    clips = [pitch.make_clip(split, index) for index in range(pitch.RECIPE.clips[split])]
    assert {label for clip in clips for label in clip.labels} == set(pitch.RECIPE.vocabulary)
    assert {clip.file.split("-")[0].replace("_", " ") for clip in clips} == set(TIMBRES[split])
    assert len({clip.file for clip in clips}) == len(clips)
    assert all(int(clip.file.split("-")[1]) == int(clip.labels[0]) for clip in clips)
