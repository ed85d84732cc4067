"""Pure tones, glides and bells: sounds made of one or two sines."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pretrain.data.synthesis.envelopes import exponential_decay, fades, held, note_envelope
from pretrain.data.synthesis.oscillators import harmonics, running_cycles, sine
from pretrain.data.synthesis.signals import Signal, highest_frequency, log_uniform

LOWEST_TONE, HIGHEST_TONE = 40.0, 6000.0  # Hz


def tone(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """One sine, or a row of short beeps of it."""
    top = min(HIGHEST_TONE, highest_frequency(sample_rate))
    wave = sine(running_cycles(log_uniform(generator, LOWEST_TONE, top), samples, sample_rate))
    if generator.random() < 0.7:
        return wave * note_envelope(generator, samples, sample_rate)
    period = max(2, round(log_uniform(generator, 0.1, 0.8) * sample_rate))
    beep = round(period * generator.uniform(0.3, 0.9))
    gate = np.zeros(period, np.float32)
    gate[:beep] = fades(beep, 0.005, 0.005, sample_rate)
    return wave * np.resize(gate, samples) * fades(samples, 0.005, 0.02, sample_rate)


def glide(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """A sine or a few harmonics moving from one pitch to another; once, or as a row of chirps."""
    top = min(HIGHEST_TONE, highest_frequency(sample_rate))
    start = log_uniform(generator, 80, top / 2)
    ratio = min(2 ** generator.uniform(0.4, 3.0), top / start)
    ends = (start, start * ratio) if generator.random() < 0.5 else (start * ratio, start)
    rows = int(generator.integers(2, 9)) if generator.random() < 0.3 and samples > 8000 else 1
    linear = generator.random() < 0.5
    length = samples // rows
    path = glide_path(ends, length, linear)
    if generator.random() < 0.2:
        path = np.concatenate([path[::2], path[1::2][::-1]])  # there and back
    count = int(generator.integers(1, 7)) if generator.random() < 0.5 else 1
    count = max(1, min(count, int(highest_frequency(sample_rate) / max(ends))))
    amplitudes = np.arange(1.0, count + 1) ** -generator.uniform(0.5, 2.0)
    phases = generator.uniform(0, 2 * np.pi, count)
    single = harmonics(running_cycles(path, length, sample_rate), amplitudes, phases)
    single *= held(generator, length, sample_rate)
    # Zero-padded, not cut: a remainder of one more chirp would end in a click.
    return np.pad(np.tile(single, rows), (0, samples - rows * length))


def glide_path(ends: tuple[float, float], samples: int, linear: bool) -> NDArray[np.float64]:
    """Frequencies in Hz from one end to the other, even in Hz (linear) or in octaves.

    Returns:
        Shape (samples,).
    """
    if linear:
        return np.linspace(*ends, samples)
    return np.geomspace(*ends, samples)


def bell(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """Frequency-modulated bells, struck once or a few times, each higher or lower.

    A sine whose phase another sine modulates, the depth dying away with the sound (Chowning
    1973, The synthesis of complex audio spectra by means of frequency modulation).
    """
    ratio = generator.uniform(0.3, 6.0)
    carrier = log_uniform(generator, 80, 1800)
    # Carson's rule: nearly all energy lies below carrier + (index + 1) * modulator.
    room = (highest_frequency(sample_rate) - carrier) / (carrier * ratio) - 1
    index = min(log_uniform(generator, 0.5, 10), max(room, 0.2))
    seconds = log_uniform(generator, 0.4, 6)
    strikes = int(generator.integers(2, 6)) if generator.random() < 0.4 else 1
    total = np.zeros(samples, np.float32)
    for start in np.sort(generator.integers(0, max(1, samples * 2 // 3), strikes)) * (strikes > 1):
        length = samples - int(start)
        pitch = carrier * 2 ** -(generator.integers(0, 13) / 12 if strikes > 1 else 0.0)
        decay = exponential_decay(length, seconds, sample_rate)
        modulation = index * decay * sine(running_cycles(pitch * ratio, length, sample_rate))
        cycles = running_cycles(pitch, length, sample_rate) + modulation / (2 * np.pi)
        total[start:] += sine(cycles) * decay * fades(length, 0.003, 0.05, sample_rate)
    return total
