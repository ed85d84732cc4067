"""Synthetic clips: which kinds there are, how long and how loud they get."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from pretrain.data.synthesis.clicks import clicks
from pretrain.data.synthesis.envelopes import fades
from pretrain.data.synthesis.noises import modulated_noise, noise_bursts, noise_floor, steady_noise
from pretrain.data.synthesis.notes import chord, melody, single_note
from pretrain.data.synthesis.scenes import scene
from pretrain.data.synthesis.signals import Signal, Source, peak_one
from pretrain.data.synthesis.sweeps import bell, glide, tone

# Share of each kind. Half have a pitch that a listener could name, because few recorded sounds have
# one, and an encoder trained on those alone lost it first.
KINDS: Final[dict[str, tuple[Source, float]]] = {
    "note": (single_note, 0.20),
    "melody": (melody, 0.16),
    "chord": (chord, 0.12),
    "tone": (tone, 0.06),
    "glide": (glide, 0.10),
    "bell": (bell, 0.06),
    "noise": (steady_noise, 0.05),
    "bursts": (noise_bursts, 0.05),
    "modulated": (modulated_noise, 0.04),
    "clicks": (clicks, 0.04),
    "scene": (scene, 0.12),
}
SHORTEST, LONGEST = 1.0, 6.0  # seconds
QUIETEST, LOUDEST = -30.0, -1.0  # dB, peak relative to full scale
LOWEST_FREQUENCY = 20.0  # Hz: below, there is only offset and thump
EDGE = 0.004  # seconds of fade at both ends
QUIET = 0.003  # -50 dB: what comes after the last louder sample is cut off
FLOOR_CHANCE = 0.5  # of a noise floor: most recordings have one, and some crops hold little else
FLOOR = (40.0, 75.0)  # dB below the peak


def synthetic_clips(count: int, seed: int, sample_rate: int = 16000) -> list[NDArray[np.int16]]:
    """Make clips of 1 to 6 s; clip i depends on (seed, i, sample_rate) and on nothing else.

    Args:
        count: How many, 0 or more.
        seed: 0 or more.
        sample_rate: Hz, 8000 or more.

    Returns:
        int16 clips, each of shape (samples,), 32768 an amplitude of 1, peaks at -30 to -1 dB.

    Raises:
        ValueError: An argument is out of range.
    """
    _check(count, seed, sample_rate)
    return [_clip(seed, index, sample_rate) for index in range(count)]


def synthetic_names(count: int, seed: int) -> list[str]:
    """Names of the same clips: ``synthetic/{kind}-{index:05d}``.

    Raises:
        ValueError: An argument is out of range.
    """
    _check(count, seed)
    return [f"synthetic/{_draw_kind(_generator(seed, i))}-{i:05d}" for i in range(count)]


def _check(count: int, seed: int, sample_rate: int = 16000) -> None:
    if count < 0 or seed < 0:
        raise ValueError(f"{count} synthetic clips of seed {seed}: give numbers of 0 or more")
    if sample_rate < 8000:
        raise ValueError(f"synthetic clips at {sample_rate} Hz: give 8000 Hz or more")


def _generator(seed: int, index: int) -> Generator:
    return np.random.default_rng(SeedSequence(seed, spawn_key=(index,)))


def _draw_kind(generator: Generator) -> str:
    """Always the generator's first number, so that names need no audio."""
    limits = np.cumsum([share for _, share in KINDS.values()])
    place = int(np.searchsorted(limits, generator.random() * limits[-1], side="right"))
    return list(KINDS)[min(place, len(KINDS) - 1)]


def _clip(seed: int, index: int, sample_rate: int) -> NDArray[np.int16]:
    generator = _generator(seed, index)
    source, _ = KINDS[_draw_kind(generator)]
    samples = round(generator.uniform(SHORTEST, LONGEST) * sample_rate)
    level = 10 ** (generator.uniform(QUIETEST, LOUDEST) / 20)
    signal = _without_offset(source(generator, samples, sample_rate), sample_rate)
    signal = _without_quiet_end(peak_one(signal), round(SHORTEST * sample_rate))
    if generator.random() < FLOOR_CHANCE:
        floor = 10 ** (-generator.uniform(*FLOOR) / 20)
        signal = signal + np.float32(floor) * noise_floor(generator, len(signal), sample_rate)
    signal = peak_one(signal * fades(len(signal), EDGE, EDGE, sample_rate))
    quantised: NDArray[np.int16] = np.rint(signal * np.float32(level * 32768)).astype(np.int16)
    return quantised


def _without_offset(signal: Signal, sample_rate: int) -> Signal:
    """Second-order Butterworth high-pass."""
    return np.asarray(sosfilt(_high_pass(sample_rate), signal), np.float32)


@cache
def _high_pass(sample_rate: int) -> NDArray[np.float64]:
    sections = butter(2, LOWEST_FREQUENCY, "highpass", fs=sample_rate, output="sos")
    return np.asarray(sections, np.float64)


def _without_quiet_end(signal: Signal, shortest: int) -> Signal:
    """Cut a signal of peak 1 where a sound has died away; a crop of silence teaches nothing."""
    loud = np.flatnonzero(np.abs(signal) > QUIET)
    return signal[: max(shortest, int(loud[-1]) + 1 if len(loud) else 0)]
