from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from benchmark.tasks.embedded import pitch
from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.instrument import Instrument, draw_instrument, note
from benchmark.tasks.embedded.recipe import SPLITS
from benchmark.tasks.embedded.signal import SAMPLE_RATE, Signal
from benchmark.tasks.embedded.tones import HIGHEST_PARTIAL, harmonic_numbers, note_frequency

DRAWN = [draw_instrument(Draws(seed)) for seed in range(12)]


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


@pytest.mark.parametrize("number", range(len(DRAWN)))
@pytest.mark.parametrize("key", [33, 60, 79])
def test_clean_notes_have_their_pitch(number: int, key: int) -> None:
    clean = replace(
        DRAWN[number], inharmonicity=0.0, vibrato=0.0, tremolo=0.0, breath=-90.0, ring=None
    )
    audio = note(Draws(1, key), clean, note_frequency(key), SAMPLE_RATE)
    cents = 1200 * np.log2(period_frequency(audio) / note_frequency(key))
    assert abs(cents) < 15.0


def test_missing_harmonics_are_missing_and_leave_the_period() -> None:
    audio = note(Draws(2), Instrument(4.0, missing=2), 200.0, SAMPLE_RATE)
    power = np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) ** 2
    assert power[195:206].max() < 1e-3 * power[595:606].max()
    assert period_frequency(audio) == pytest.approx(200.0, rel=0.01)


def test_the_highest_note_of_every_instrument_sounds() -> None:
    for number, instrument in enumerate(DRAWN):
        audio = note(Draws(3), instrument, note_frequency(108.15), SAMPLE_RATE)
        assert np.isfinite(audio).all(), number
        assert np.abs(audio).max() > 0.005, number


def test_where_the_harmonics_end_does_not_tell_the_note() -> None:
    for key in pitch.KEYS:
        frequency = note_frequency(key)
        last = harmonic_numbers(frequency)[-1] * frequency
        assert HIGHEST_PARTIAL - frequency < last <= HIGHEST_PARTIAL


def test_breath_does_not_move_with_the_note() -> None:
    """The noise between two harmonics of a loud-breathed flute peaks at the same place."""
    flute = Instrument(40.0, breath=10.0, breath_centre=1500.0)
    peaks = []
    for key in (57, 81):
        audio = note(Draws(4), flute, note_frequency(key), SAMPLE_RATE)
        power = np.abs(np.fft.rfft(audio)[: SAMPLE_RATE // 2]) ** 2
        for harmonic in (1, 2):
            place = round(harmonic * note_frequency(key))
            power[place - 20 : place + 20] = 0.0
        peaks.append(float(np.sum(np.arange(8000) * power) / power.sum()))
    assert peaks[0] == pytest.approx(peaks[1], rel=0.1)


def test_the_vocabulary_is_the_keyboard_without_a_gap() -> None:
    assert pitch.RECIPE.vocabulary == tuple(str(key) for key in range(21, 109))


@pytest.mark.parametrize("split", SPLITS)
def test_every_key_is_played_equally_often(split: str, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[Instrument] = []

    def silent(_rng: Draws, instrument: Instrument, *_: object) -> Signal:
        played.append(instrument)
        return np.ones(10)

    monkeypatch.setattr(pitch, "note", silent)
    monkeypatch.setattr(pitch, "recorded", lambda _rng, audio, *_, **__: audio)
    clips = [pitch.make_clip(split, index) for index in range(pitch.RECIPE.clips[split])]
    counts = Counter(label for clip in clips for label in clip.labels)
    assert set(counts) == set(pitch.RECIPE.vocabulary)
    assert len(set(counts.values())) == 1
    assert len({clip.file for clip in clips}) == len(clips)
    assert len(set(played)) == len(clips)  # no instrument twice
