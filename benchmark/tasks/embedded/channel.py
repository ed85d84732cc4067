"""What lies between a source and its recording: colour, room, background noise and level."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.envelopes import decay
from benchmark.tasks.embedded.exact_math import log2, log2_of, rms
from benchmark.tasks.embedded.fourier import convolved, filtered, frequencies, size_for
from benchmark.tasks.embedded.noises import coloured_noise
from benchmark.tasks.embedded.signal import Signal, amplitude, amplitudes, samples_in

LOWEST, HIGHEST = 60.0, 8000.0  # Hz, of a random equaliser
KNOTS: Final = 7  # from LOWEST to HIGHEST, about one an octave


def equalised(rng: Draws, audio: Signal, range_db: float) -> Signal:
    """Colour a recording: random gains about an octave apart, joined by straight lines in dB.

    Args:
        rng: Draws the gains, uniform in +-``range_db``.
        audio: Shape (samples,).
        range_db: Largest boost or cut in dB.
    """
    gains = rng.uniforms(-range_db, range_db, KNOTS)
    octaves = log2(frequencies(size_for(len(audio))) / LOWEST)
    place = np.clip(octaves * ((KNOTS - 1) / log2_of(HIGHEST / LOWEST)), 0.0, KNOTS - 1.0)
    left = np.minimum(place.astype(np.int64), KNOTS - 2)
    curve = gains[left] + (gains[left + 1] - gains[left]) * (place - left)
    return filtered(audio, amplitudes(curve))


def reverberant(rng: Draws, audio: Signal, wet_db: float) -> Signal:
    """Add a room: a tail of decaying noise, of 0.1 to 0.4 s to 60 dB.

    Args:
        rng: Draws the room.
        audio: Shape (samples,).
        wet_db: Level of the tail against the direct sound in dB.
    """
    seconds = rng.log_uniform(0.1, 0.4)
    length = samples_in(seconds)
    response = rng.noise(length) * decay(length, seconds)
    response *= amplitude(wet_db) / (rms(response) * math.sqrt(length))
    response[0] = 1.0
    return convolved(audio, response)


def in_noise(rng: Draws, audio: Signal, snr_db: float) -> Signal:
    """Add background noise of a random tilt, ``snr_db`` under the sound over the whole clip."""
    noise = coloured_noise(rng, len(audio), rng.uniform(-8.0, 0.0))
    return audio + noise * (rms(audio) / amplitude(snr_db))


def at_peak(audio: Signal, peak_db: float) -> Signal:
    """Scale a clip so that its largest sample lies at ``peak_db`` below full scale."""
    return audio * (amplitude(peak_db) / float(np.abs(audio).max()))


def recorded(
    rng: Draws,
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
