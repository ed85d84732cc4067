"""The event task: overlapping sounds on background noise, in the manner of DCASE 2016 task 2.

Each clip has a background of room-like noise and one event-to-background ratio (EBR) for all its
events, -6, 0 or 6 dB as in DCASE 2016 task 2: the RMS of an event over the RMS of the background.
Events of different classes may overlap; those of one class are apart by a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from benchmark.tasks.embedded.channel import at_peak, equalised, reverberant
from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.envelopes import faded, oscillation
from benchmark.tasks.embedded.exact_math import exp2, rms
from benchmark.tasks.embedded.noises import band_noise, coloured_noise
from benchmark.tasks.embedded.recipe import SPLITS, MadeClip, Recipe
from benchmark.tasks.embedded.signal import (
    SAMPLE_RATE,
    Signal,
    amplitude,
    amplitudes,
    samples_in,
)
from benchmark.tasks.embedded.sources import VOWELS, pulses, strike, sweep, voice
from benchmark.tasks.embedded.tones import harmonic_numbers, partials, rolled_off

SEED: Final = 2
SECONDS: Final = 10.0
EBR_DB: Final = (-6.0, 0.0, 6.0)
EVENTS_PER_CLIP: Final = (7, 13)  # from, below
GAP: Final = 0.25  # seconds at least between two events of one class


def bell(rng: Draws) -> Signal:
    """A struck bar that rings."""
    return strike(rng, _length(rng, 0.5, 1.2))


def chirp(rng: Draws) -> Signal:
    """A rising sweep, there within 30 ms: its label begins where it can be heard."""
    return sweep(rng, _length(rng, 0.25, 0.8), 0.03)


def falling(rng: Draws) -> Signal:
    """A falling sweep."""
    return chirp(rng)[::-1]


def hiss(rng: Draws) -> Signal:
    """A steady band of noise."""
    samples = _length(rng, 0.3, 1.0)
    noise = band_noise(rng, samples, rng.log_uniform(800.0, 5000.0), rng.uniform(0.5, 1.5))
    return faded(noise, 0.05, 0.1)


def knock(rng: Draws) -> Signal:
    """Three to five knocks in a steady row."""
    count, period = rng.integer(3, 6), rng.uniform(0.1, 0.18)
    samples = samples_in(count * period)
    return pulses(rng, samples, period * np.arange(float(count)), (0.04, 0.08))


def rattle(rng: Draws) -> Signal:
    """A dense shower of clicks."""
    samples = _length(rng, 0.4, 1.0)
    starts = rng.uniforms(0.0, samples / SAMPLE_RATE - 0.02, samples // 500)
    return pulses(rng, samples, np.append(0.0, starts), (0.01, 0.02))


def speech(rng: Draws) -> Signal:
    """A voice that goes from one vowel to another."""
    begin, end = rng.shuffled(tuple(VOWELS))[:2]
    return voice(rng, _length(rng, 0.3, 0.8), VOWELS[begin], VOWELS[end])


def throb(rng: Draws) -> Signal:
    """A low buzz whose level moves at 8 to 14 Hz."""
    samples = _length(rng, 0.5, 1.2)
    pitch = rng.log_uniform(80.0, 200.0)
    numbers = harmonic_numbers(pitch)[:25]
    buzz = partials(np.full(samples, pitch), numbers, rolled_off(numbers, 4.0), rng)
    throbbing = 1.0 + 0.9 * oscillation(rng, samples, rng.uniform(8.0, 14.0))
    return faded(buzz * throbbing, 0.02, 0.05)


def whistle(rng: Draws) -> Signal:
    """A nearly pure tone with vibrato."""
    samples = _length(rng, 0.4, 1.0)
    octaves = rng.uniform(0.01, 0.06) * oscillation(rng, samples, rng.uniform(4.0, 8.0))
    frequency = rng.log_uniform(600.0, 2500.0) * exp2(octaves)
    return faded(partials(frequency, np.array([1.0, 2.0]), np.array([1.0, 0.1]), rng), 0.03, 0.05)


SOUNDS: Final[dict[str, Callable[[Draws], Signal]]] = {
    sound.__name__: sound
    for sound in (bell, chirp, falling, hiss, knock, rattle, speech, throb, whistle)
}
VOCABULARY: Final = tuple(sorted(SOUNDS))


def make_clip(split: str, index: int) -> MadeClip:
    """Make a clip; the three event-to-background ratios take turns."""
    rng = Draws(SEED, SPLITS.index(split), index)
    ebr_db = EBR_DB[index % len(EBR_DB)]
    samples = samples_in(SECONDS)
    audio = background(rng, samples)
    level = rms(audio) * amplitude(ebr_db)
    events: list[dict[str, Any]] = []
    for label in _labels(rng):
        sound = equalised(rng, SOUNDS[label](rng), 6.0)
        first = _free_onset(rng, label, len(sound), samples, events)
        if first is None:
            continue
        audio[first : first + len(sound)] += sound * (level / rms(sound))
        events.append({"label": label, "start": _ms(first), "end": _ms(first + len(sound))})
    audio = reverberant(rng, audio, rng.uniform(-25.0, -12.0))
    events.sort(key=lambda event: float(event["start"]))
    file = f"{split}-{index:03d}-ebr{ebr_db:+.0f}.wav"
    return MadeClip(file, at_peak(audio, rng.uniform(-15.0, -1.0)), events)


def background(rng: Draws, samples: int) -> Signal:
    """Noise of a random tilt whose level wanders by a few dB."""
    wander = np.zeros(samples)  # dB
    for _ in range(3):
        wander += oscillation(rng, samples, rng.uniform(0.05, 0.5))
    return coloured_noise(rng, samples, rng.uniform(-6.0, -2.0)) * amplitudes(wander)


def _labels(rng: Draws) -> list[str]:
    """Classes of a clip's events: all of them once, in random order, and some again."""
    count = rng.integer(*EVENTS_PER_CLIP)
    return (rng.shuffled(VOCABULARY) + rng.shuffled(VOCABULARY))[:count]


def _free_onset(
    rng: Draws, label: str, length: int, samples: int, events: list[dict[str, Any]]
) -> int | None:
    """A random first sample away from the class's other events; None if twenty draws find none."""
    for _ in range(20):
        first = rng.integer(0, samples - length)
        start, end = _ms(first) - 1000.0 * GAP, _ms(first + length) + 1000.0 * GAP
        if not any(e["label"] == label and e["start"] < end and e["end"] > start for e in events):
            return first
    return None


def _length(rng: Draws, low: float, high: float) -> int:
    return samples_in(rng.uniform(low, high))


def _ms(samples: int) -> float:
    return 1000.0 * samples / SAMPLE_RATE


RECIPE: Final = Recipe(
    folder="embedded_event-v2-synthetic",
    embedding_type="event",
    prediction_type="multilabel",
    seconds=SECONDS,
    evaluation=("event_onset_200ms_fms", "segment_1s_er"),
    vocabulary=VOCABULARY,
    clips={"train": 90, "valid": 30, "test": 72},
    param_grid={
        "hidden_dim": [128],
        "patience": [3],
        "max_epochs": [21],
        "check_val_every_n_epoch": [3],
    },
    sha256="4fec2216196408334eef938c2068e67fc4159907353727bd373db0ae4b696e12",
    make_clip=make_clip,
)
