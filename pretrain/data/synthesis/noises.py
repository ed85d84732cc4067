"""Noise: coloured, in bands, in bursts, modulated."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len

from pretrain.data.synthesis.envelopes import exponential_decay, fades, held
from pretrain.data.synthesis.signals import Signal, highest_frequency, log_uniform, peak_one

LOWEST_NOISE = 25.0  # Hz: steeply coloured noise would otherwise be all rumble


def shaped_noise(
    generator: Generator, samples: int, sample_rate: int, gains: NDArray[np.float32]
) -> Signal:
    """Gaussian noise with a given spectrum, of unit root mean square.

    Args:
        generator: Draws amplitudes and phases.
        samples: Length.
        sample_rate: Hz.
        gains: Amplitude at ``spectrum_frequencies(samples, sample_rate)``, same shape.
    """
    parts = generator.standard_normal((2, len(gains)), np.float32)
    noise = irfft((parts[0] + 1j * parts[1]) * gains, next_fast_len(samples, real=True))
    cut: Signal = np.asarray(noise[:samples], np.float32)
    return cut / np.float32(max(np.sqrt(np.mean(cut**2)), 1e-12))


def spectrum_frequencies(samples: int, sample_rate: int) -> NDArray[np.float32]:
    """Frequencies in Hz at which ``shaped_noise`` wants its gains."""
    length = next_fast_len(samples, real=True)
    return (np.arange(length // 2 + 1) * (sample_rate / length)).astype(np.float32)


def coloured(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """Noise falling or rising by a random power of frequency: violet to brown."""
    frequencies = spectrum_frequencies(samples, sample_rate)
    slope = generator.uniform(-0.6, 1.2)  # of amplitude: -3.6 dB to 7.2 dB per octave downwards
    gains = np.maximum(frequencies, LOWEST_NOISE) ** np.float32(-slope)
    gains[frequencies < LOWEST_NOISE] = 0
    return shaped_noise(generator, samples, sample_rate, gains)


def band(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """Noise in a band with soft edges, a tenth of an octave to three octaves wide."""
    frequencies = spectrum_frequencies(samples, sample_rate)
    centre = log_uniform(generator, 80, 0.9 * highest_frequency(sample_rate))
    width = log_uniform(generator, 0.1, 3.0)
    octaves = np.log2(np.maximum(frequencies, 1) / np.float32(centre))
    gains = np.exp(-np.float32(0.5) * (octaves / np.float32(width / 2)) ** 4)
    gains[frequencies < LOWEST_NOISE] = 0
    return shaped_noise(generator, samples, sample_rate, gains)


def steady_noise(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """Coloured or band noise that swells, holds and dies away."""
    return _any_noise(generator, samples, sample_rate) * held(generator, samples, sample_rate)


def noise_bursts(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """Bursts at random times, one to five a second: quick attack, decay of 30 ms to a second."""
    total = np.zeros(samples, np.float32)
    bursts = 1 + int(generator.uniform(1, 5) * samples / sample_rate)
    starts = np.sort(generator.integers(0, max(1, samples * 9 // 10), bursts))
    starts[0] = 0
    seconds = log_uniform(generator, 0.03, 1.0)
    noise = _any_noise(generator, samples, sample_rate)
    for start in starts:
        length = min(samples - int(start), round(1.5 * seconds * sample_rate))
        envelope = exponential_decay(length, 1.4 * seconds, sample_rate)
        envelope *= fades(length, log_uniform(generator, 0.001, 0.05), 0.02, sample_rate)
        level = np.float32(generator.uniform(0.3, 1.0))
        total[start : start + length] += level * envelope * noise[:length]
    return total


def modulated_noise(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """Noise whose gain goes up and down 1 to 60 times a second: smooth, or in narrow pulses."""
    rate = log_uniform(generator, 1.0, 60.0)
    angle = np.arange(samples, dtype=np.float32) * np.float32(np.pi * rate / sample_rate)
    wave = np.abs(np.sin(angle + np.float32(generator.uniform(0, np.pi))))
    gain: Signal = wave ** np.float32(log_uniform(generator, 0.5, 12.0))
    noise = _any_noise(generator, samples, sample_rate)
    return noise * gain * fades(samples, 0.02, 0.05, sample_rate)


def noise_floor(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """Quiet background, peak 1: coloured noise under a slowly changing gain."""
    change = np.linspace(1.0, generator.uniform(0.5, 2.0), samples, dtype=np.float32)
    return peak_one(coloured(generator, samples, sample_rate) * change)


def _any_noise(generator: Generator, samples: int, sample_rate: int) -> Signal:
    kind = coloured if generator.random() < 0.4 else band
    return kind(generator, samples, sample_rate)
