"""The scene task: twelve kinds of sound in six pairs.

The two members of a pair have the same long-term spectrum and level statistics, or nearly so, and
differ in what happens when: a sweep and its time reversal, knocks in a steady or an irregular
rhythm, noise that throbs slowly or fast. What a clip's average log-mel spectrum shows is thus the
pair, not the class; the pitch, colour, room, background and level of each clip are random. Sweeps
and strikes are cut out of a longer row at a random place, so that the clip's edges tell nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from benchmark.tasks.embedded.channel import recorded
from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.envelopes import faded, oscillation
from benchmark.tasks.embedded.noises import band_noise
from benchmark.tasks.embedded.recipe import CLIP_GRID, SPLITS, MadeClip, Recipe
from benchmark.tasks.embedded.signal import Signal, samples_in
from benchmark.tasks.embedded.sources import VOWELS, pulses, strike, sweep, voice

SEED: Final = 1
SECONDS: Final = 1.5
SAMPLES: Final = samples_in(SECONDS)
SNR_DB: Final = (-3.0, 15.0)


def sweeps_up(rng: Draws) -> Signal:
    """One rising sweep over and over, two to five times a clip, each within a soft swell."""
    count = rng.integer(2, 6)
    return _cut(rng, np.tile(sweep(rng, SAMPLES // count, SECONDS), count + 1))


def sweeps_down(rng: Draws) -> Signal:
    """``sweeps_up`` backwards."""
    return sweeps_up(rng)[::-1]


def strikes(rng: Draws) -> Signal:
    """One to three strikes of bars a clip, each ringing until the next."""
    count = rng.integer(1, 4)
    return _cut(rng, np.concatenate([strike(rng, SAMPLES // count) for _ in range(count + 1)]))


def swells(rng: Draws) -> Signal:
    """``strikes`` backwards: slow swells that break off."""
    return strikes(rng)[::-1]


def steady_knocks(rng: Draws) -> Signal:
    """Six to ten knocks, evenly spaced up to a hundredth."""
    count = rng.integer(6, 11)
    places = np.arange(count) + rng.uniform(0.01, 1.0) + rng.uniforms(-0.01, 0.01, count)
    return pulses(rng, SAMPLES, places * (SECONDS / count) % SECONDS, (0.03, 0.1))


def irregular_knocks(rng: Draws) -> Signal:
    """Six to ten knocks at random times."""
    starts = rng.uniforms(0.0, SECONDS, rng.integer(6, 11))
    return pulses(rng, SAMPLES, starts, (0.03, 0.1))


def slow_throb(rng: Draws) -> Signal:
    """Noise whose level moves at 2.5 to 5 Hz."""
    return _throb(rng, rng.log_uniform(2.5, 5.0))


def fast_throb(rng: Draws) -> Signal:
    """Noise whose level moves at 8 to 16 Hz."""
    return _throb(rng, rng.log_uniform(8.0, 16.0))


def opening_vowel(rng: Draws) -> Signal:
    """A voice that opens from i or u to a, ae or o."""
    begin, end = VOWELS[rng.choice(("i", "u"))], VOWELS[rng.choice(("a", "ae", "o"))]
    return voice(rng, SAMPLES, begin, end)


def closing_vowel(rng: Draws) -> Signal:
    """``opening_vowel`` backwards."""
    return opening_vowel(rng)[::-1]


def held_vowel(rng: Draws) -> Signal:
    """A voice that keeps its vowel."""
    vowel = VOWELS[rng.choice(list(VOWELS))]
    return voice(rng, SAMPLES, vowel, vowel)


def clang(rng: Draws) -> Signal:
    """``held_vowel`` with every partial off its harmonic: same formants, no pitch."""
    vowel = VOWELS[rng.choice(list(VOWELS))]
    return voice(rng, SAMPLES, vowel, vowel, jitter=0.5)


def _throb(rng: Draws, rate: float) -> Signal:
    noise = band_noise(rng, SAMPLES, rng.log_uniform(300.0, 4000.0), rng.uniform(0.5, 3.0))
    depth = rng.uniform(0.5, 1.0)
    return noise * (1.0 + depth * oscillation(rng, SAMPLES, rate))


def _cut(rng: Draws, row: Signal) -> Signal:
    """Cut a clip out of a longer row, from a random sample on."""
    first = rng.integer(0, len(row) - SAMPLES)
    return faded(row[first : first + SAMPLES], 0.005, 0.005)


SOUNDS: Final[dict[str, Callable[[Draws], Signal]]] = {
    sound.__name__: sound
    for sound in (
        sweeps_up,
        sweeps_down,
        strikes,
        swells,
        steady_knocks,
        irregular_knocks,
        slow_throb,
        fast_throb,
        opening_vowel,
        closing_vowel,
        held_vowel,
        clang,
    )
}
VOCABULARY: Final = tuple(sorted(SOUNDS))


def make_clip(split: str, index: int) -> MadeClip:
    """Make a clip; the classes take turns, so every split has equally many of each."""
    rng = Draws(SEED, SPLITS.index(split), index)
    label = VOCABULARY[index % len(VOCABULARY)]
    audio = recorded(rng, SOUNDS[label](rng), SNR_DB)
    return MadeClip(f"{split}-{index:04d}.wav", audio, [label])


RECIPE: Final = Recipe(
    folder="embedded_scene-v2-synthetic",
    embedding_type="scene",
    prediction_type="multiclass",
    seconds=SECONDS,
    evaluation=("top1_acc",),
    vocabulary=VOCABULARY,
    clips={"train": 600, "valid": 240, "test": 360},
    param_grid=CLIP_GRID,
    sha256="6050bece016bb9d900905730de852522921d8f42634efd1c63c9fcdad1be41bf",
    make_clip=make_clip,
)
