"""The pitch task's instruments: drawn anew for every clip, from one distribution for all splits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.envelopes import decay, faded, oscillation
from benchmark.tasks.embedded.exact_math import exp2, rms
from benchmark.tasks.embedded.noises import band_noise
from benchmark.tasks.embedded.signal import Signal, amplitude, times
from benchmark.tasks.embedded.tones import (
    formant_gain,
    harmonic_numbers,
    partials,
    rolled_off,
    stretched,
)


@dataclass(frozen=True)
class Instrument:
    """An instrument.

    Attributes:
        roll_off: Fall of the harmonics, dB per octave.
        even: Gain of the even harmonics, 0 (a closed pipe) to 1.
        missing: How many of the lowest harmonics are absent where at least three others are left;
            the pitch stays, as ears hear it from the spacing.
        formants: Centres of fixed resonances in Hz, if any.
        inharmonicity: B of a stiff string (``tones.stretched``).
        attack: Seconds.
        ring: Seconds to -60 dB of a struck or plucked note; None for one that is sustained.
        vibrato: Depth in cents.
        tremolo: Depth of the level's movement, 0 to 1.
        breath: Level of noise around the note against it, dB.
        breath_centre: Centre of that noise in Hz; it does not move with the note.
    """

    roll_off: float
    even: float = 1.0
    missing: int = 0
    formants: tuple[float, ...] = ()
    inharmonicity: float = 0.0
    attack: float = 0.02
    ring: float | None = None
    vibrato: float = 0.0
    tremolo: float = 0.0
    breath: float = -40.0
    breath_centre: float = 1000.0


def draw_instrument(rng: Draws) -> Instrument:
    """An instrument between flute, reed, plucked or struck string, voice and telephone."""
    bands = ((250.0, 900.0), (900.0, 2000.0), (2000.0, 3500.0))  # one formant in each, Hz
    # With a steep fall or odd harmonics alone, the third would be all there is of the note.
    missing = rng.integer(1, 4) if rng.chance(0.3) else 0
    return Instrument(
        roll_off=rng.uniform(2.0, 6.0 if missing else 14.0),
        even=rng.uniform(0.05, 0.6) if rng.chance(0.35) and not missing else 1.0,
        missing=missing,
        formants=tuple(rng.log_uniform(*band) for band in bands) if rng.chance(0.5) else (),
        inharmonicity=rng.log_uniform(3e-5, 4e-4) if rng.chance(0.3) else 0.0,
        attack=rng.log_uniform(0.003, 0.1),
        ring=rng.log_uniform(0.5, 2.0) if rng.chance(0.4) else None,
        vibrato=rng.uniform(5.0, 35.0) if rng.chance(0.4) else 0.0,
        tremolo=rng.uniform(0.0, 0.3),
        breath=rng.uniform(-40.0, -14.0),
        breath_centre=rng.log_uniform(300.0, 5000.0),
    )


def note(rng: Draws, instrument: Instrument, fundamental: float, samples: int) -> Signal:
    """Play a note.

    Args:
        rng: Draws what no parameter says: speed of the vibrato, phases, a third of each amplitude.
        instrument: The instrument.
        fundamental: Frequency of the first harmonic, Hz.
        samples: Length.

    Returns:
        Audio, shape (samples,).
    """
    numbers = harmonic_numbers(fundamental)
    levels = rolled_off(numbers, instrument.roll_off)
    levels[1::2] *= instrument.even
    levels *= rng.uniforms(0.7, 1.3, len(numbers))
    if len(numbers) >= instrument.missing + 3:
        levels[: instrument.missing] = 0.0
    if instrument.formants:
        levels *= formant_gain(numbers * fundamental, np.array(instrument.formants), 0.25)
    cents = instrument.vibrato * oscillation(rng, samples, rng.uniform(4.5, 6.5))
    ratios = stretched(numbers, instrument.inharmonicity)
    audio = partials(fundamental * exp2(cents / 1200.0), ratios, levels, rng)
    breath = band_noise(rng, samples, instrument.breath_centre, 3.0)
    audio += breath * (rms(audio) * amplitude(instrument.breath))
    return faded(audio * _level(rng, instrument, samples), instrument.attack, 0.05)


def _level(rng: Draws, instrument: Instrument, samples: int) -> Signal:
    """How the level moves after the attack."""
    tremolo = 1.0 + instrument.tremolo * oscillation(rng, samples, rng.uniform(3.0, 6.0))
    if instrument.ring is None:
        return tremolo * (1.0 - 0.2 * times(samples))
    return tremolo * decay(samples, instrument.ring)
