"""Amplitude over time: fades, attack-decay-sustain-release, tremolo."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from pretrain.data.synthesis.signals import Signal, log_uniform

SIXTY_DB = 6.9078  # nepers: exp(-SIXTY_DB) is -60 dB


def fades(samples: int, rise: float, fall: float, sample_rate: int) -> Signal:
    """Ones with raised-cosine ends.

    Args:
        samples: Length.
        rise: Seconds from 0 to 1; at most half of the length is used.
        fall: Seconds from 1 to 0; likewise.
        sample_rate: Hz.

    Returns:
        Shape (samples,), the first and last sample near 0.
    """
    envelope = np.ones(samples, np.float32)
    first = _ramp(min(round(rise * sample_rate), samples // 2))
    last = _ramp(min(round(fall * sample_rate), samples // 2))
    envelope[: len(first)] *= first
    envelope[samples - len(last) :] *= last[::-1]
    return envelope


def exponential_decay(samples: int, seconds: float, sample_rate: int) -> Signal:
    """Fall from 1 by 60 dB in a time.

    Args:
        samples: Length.
        seconds: Until -60 dB.
        sample_rate: Hz.
    """
    rate = np.float32(SIXTY_DB / (seconds * sample_rate))
    decay: Signal = np.exp(-rate * np.arange(samples, dtype=np.float32))
    return decay


def struck(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """Quick attack and exponential decay, as of a plucked string or a drum."""
    decay = exponential_decay(samples, log_uniform(generator, 0.3, 5.0), sample_rate)
    attack = log_uniform(generator, 0.002, 0.03)
    return decay * fades(samples, attack, log_uniform(generator, 0.02, 0.2), sample_rate)


def held(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """Attack, decay to a sustained level that may swell or sink, and release."""
    sustain = generator.uniform(0.25, 1.0)
    settle = exponential_decay(samples, log_uniform(generator, 0.1, 1.5), sample_rate)
    slope = np.linspace(1.0, generator.uniform(0.4, 1.4), samples, dtype=np.float32)
    level = (np.float32(sustain) + np.float32(1 - sustain) * settle) * slope
    attack = log_uniform(generator, 0.005, 0.4)
    return level * fades(samples, attack, log_uniform(generator, 0.03, 0.6), sample_rate)


def note_envelope(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """A struck or a held envelope with equal chances, one in four of them with tremolo."""
    shape = struck if generator.random() < 0.5 else held
    envelope = shape(generator, samples, sample_rate)
    if generator.random() < 0.25:
        envelope *= tremolo(generator, samples, sample_rate)
    return envelope


def tremolo(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """Sinusoidal gain between 1 and a drawn depth at 2 to 10 Hz."""
    depth = generator.uniform(0.1, 0.8)
    rate = log_uniform(generator, 2.0, 10.0)
    angle = np.arange(samples, dtype=np.float32) * np.float32(2 * np.pi * rate / sample_rate)
    wave: Signal = np.sin(angle + np.float32(generator.uniform(0, 2 * np.pi)))
    return np.float32(1 - depth / 2) + np.float32(depth / 2) * wave


def _ramp(samples: int) -> Signal:
    """Half a raised cosine upwards: shape (samples,), without its ends 0 and 1."""
    steps = (np.arange(samples, dtype=np.float32) + np.float32(0.5)) / np.float32(max(samples, 1))
    cosine: Signal = np.cos(np.float32(np.pi) * steps)
    return np.float32(0.5) - np.float32(0.5) * cosine
