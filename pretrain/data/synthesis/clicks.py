"""Trains of clicks: ticking, rattling, crackling, bouncing."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from pretrain.data.synthesis.envelopes import exponential_decay
from pretrain.data.synthesis.oscillators import running_cycles, sine
from pretrain.data.synthesis.signals import Signal, highest_frequency, log_uniform, peak_one


def clicks(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """One click, repeated at random, regular or bouncing times with random strengths."""
    impulses = np.zeros(samples, np.float32)
    times = click_times(generator, samples / sample_rate)
    places = np.minimum((times * sample_rate).astype(np.int64), samples - 1)
    impulses[places] = generator.uniform(0.2, 1.0, len(places))
    click = _click(generator, sample_rate)
    return np.asarray(oaconvolve(impulses, click)[:samples], np.float32)


def click_times(generator: Generator, seconds: float) -> NDArray[np.float64]:
    """Times in seconds, at least one, all inside the clip.

    A third each: periodic with some jitter, Poisson (crackling), geometric (a ball that bounces,
    and is dropped again and again).
    """
    rate = log_uniform(generator, 3.0, 50.0)  # Hz
    kind = int(generator.integers(0, 3))
    if kind == 2:
        first, shrink = generator.uniform(0.15, 0.5), generator.uniform(0.75, 0.93)
        gaps = np.tile(first * shrink ** np.arange(20), 20)  # lasts 11 s or more
        times = np.cumsum(gaps) - first
    else:
        gaps = generator.exponential(1 / rate, int(rate * seconds) + 1)
        if kind == 0:
            gaps = (1 + generator.uniform(0, 0.2) * generator.uniform(-1, 1, len(gaps))) / rate
        times = np.cumsum(gaps) - gaps[0]
    return np.asarray(times[times < seconds])


def _click(generator: Generator, sample_rate: int) -> Signal:
    """An impulse, a damped sine or a damped burst of noise, 1 to 60 ms long, peak 1."""
    seconds = log_uniform(generator, 0.001, 0.06)
    samples = max(8, round(seconds * sample_rate))
    decay = exponential_decay(samples, seconds, sample_rate)
    kind = int(generator.integers(0, 3))
    if kind == 0:
        return np.array([1, 0, 0, 0], np.float32)
    if kind == 1:
        pitch = log_uniform(generator, 150, 0.9 * highest_frequency(sample_rate))
        return decay * sine(running_cycles(pitch, samples, sample_rate) + 0.25)
    return peak_one(decay * generator.standard_normal(samples, np.float32))
