"""What lies between a source and its recording: colour, room, background noise and level."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmark.tasks.embedded.envelopes import decay
from benchmark.tasks.embedded.noises import coloured_noise, frequencies
from benchmark.tasks.embedded.signal import Signal, decibels, log_uniform, rms, samples_in

CURVE_POINTS: Final = 7  # knots of a random equaliser, 60 Hz to 8 kHz, about one an octave


def equalised(rng: np.random.Generator, audio: Signal, range_db: float) -> Signal:
    """Colour a recording: random gains about an octave apart, joined by straight lines in dB.

    Args:
        rng: Draws the gains, uniform in +-``range_db``.
        audio: Shape (samples,).
        range_db: Largest boost or cut in dB.
    """
    grid = np.log2(frequencies(len(audio)))
    knots = np.linspace(np.log2(60.0), np.log2(8000.0), CURVE_POINTS)
    curve = np.interp(grid, knots, rng.uniform(-range_db, range_db, CURVE_POINTS))
    return np.fft.irfft(np.fft.rfft(audio) * 10.0 ** (curve / 20.0), len(audio))


def reverberant(rng: np.random.Generator, audio: Signal, wet_db: float) -> Signal:
    """Add a room: a tail of decaying noise, of 0.1 to 0.4 s to 60 dB.

    Args:
        rng: Draws the room.
        audio: Shape (samples,).
        wet_db: Level of the tail against the direct sound in dB.
    """
    seconds = log_uniform(rng, 0.1, 0.4)
    length = samples_in(seconds)
    response = rng.standard_normal(length) * decay(length, seconds)
    response *= decibels(wet_db) / np.sqrt(np.sum(response**2))
    response[0] = 1.0
    size = 1 << (len(audio) + length).bit_length()  # no wrap-around, and fast to transform
    spectrum = np.fft.rfft(audio, size) * np.fft.rfft(response, size)
    wet: Signal = np.fft.irfft(spectrum, size)
    return wet[: len(audio)]


def in_noise(rng: np.random.Generator, audio: Signal, snr_db: float) -> Signal:
    """Add background noise of a random tilt, ``snr_db`` under the sound over the whole clip."""
    noise = coloured_noise(rng, len(audio), rng.uniform(-8.0, 0.0))
    return audio + noise * rms(audio) / decibels(snr_db)


def at_peak(audio: Signal, peak_db: float) -> Signal:
    """Scale a clip so that its largest sample lies at ``peak_db`` below full scale."""
    return audio * decibels(peak_db) / float(np.abs(audio).max())


def recorded(
    rng: np.random.Generator,
    audio: Signal,
    snr_db: tuple[float, float],
    equaliser_db: float = 8.0,
    wet_db: tuple[float, float] = (-25.0, -6.0),
) -> Signal:
    """Pass a source through a random channel: equaliser, room, background noise, level.

    Args:
        rng: Draws all of it.
        audio: The source, shape (samples,).
        snr_db: Lowest and highest ratio of sound to background in dB.
        equaliser_db: Largest boost or cut of the colouring in dB.
        wet_db: Lowest and highest level of the room's tail in dB.
    """
    audio = equalised(rng, audio, equaliser_db)
    audio = reverberant(rng, audio, rng.uniform(*wet_db))
    audio = in_noise(rng, audio, rng.uniform(*snr_db))
    return at_peak(audio, rng.uniform(-25.0, -1.0))
