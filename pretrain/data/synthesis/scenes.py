"""Simple scenes: several sounds one after another over a quiet noise floor."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from pretrain.data.synthesis.clicks import clicks
from pretrain.data.synthesis.noises import modulated_noise, noise_bursts, noise_floor, steady_noise
from pretrain.data.synthesis.notes import chord, melody, single_note
from pretrain.data.synthesis.signals import Signal, log_uniform, peak_one
from pretrain.data.synthesis.sweeps import bell, glide, tone

SOUNDS = (
    single_note, single_note, chord, melody, tone, glide, bell,
    steady_noise, noise_bursts, modulated_noise, clicks,
)  # fmt: skip


def scene(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """Sounds of 0.15 to 1.5 s until the clip is full, with pauses or overlaps between them.

    The floor lies 30 to 65 dB below the loudest possible sound.
    """
    total = noise_floor(generator, samples, sample_rate)
    total *= np.float32(10 ** (-generator.uniform(30, 65) / 20))
    start = round(generator.uniform(0, 0.2) * sample_rate)
    while start < samples - sample_rate // 10:
        length = min(round(log_uniform(generator, 0.15, 1.5) * sample_rate), samples - start)
        source = SOUNDS[int(generator.integers(len(SOUNDS)))]
        level = np.float32(10 ** (-generator.uniform(0, 18) / 20))
        total[start : start + length] += level * peak_one(source(generator, length, sample_rate))
        start += length + round(generator.uniform(-0.15, 0.4) * sample_rate)
        start = max(start, 0)
    return total
