"""The pitch task's instruments: twenty timbres, none of them in two splits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmark.tasks.embedded.envelopes import decay, faded, oscillation
from benchmark.tasks.embedded.noises import band_noise
from benchmark.tasks.embedded.signal import Signal, decibels, rms, times
from benchmark.tasks.embedded.tones import (
    formant_gain,
    harmonic_numbers,
    partials,
    rolled_off,
    stretched,
)


@dataclass(frozen=True)
class Timbre:
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


TIMBRES: Final[dict[str, dict[str, Timbre]]] = {
    "train": {
        "flute": Timbre(14.0, attack=0.08, vibrato=15.0, tremolo=0.2, breath=-18.0),
        "chalumeau": Timbre(7.0, even=0.05, attack=0.04, breath=-28.0),
        "viol": Timbre(5.0, formants=(450.0, 1200.0, 2800.0), attack=0.1, vibrato=25.0),
        "piano": Timbre(9.0, inharmonicity=4e-4, attack=0.003, ring=2.0),
        "harpsichord": Timbre(3.0, inharmonicity=1e-4, attack=0.002, ring=1.0),
        "horn": Timbre(8.0, formants=(350.0, 800.0), attack=0.06, breath=-30.0),
        "reed organ": Timbre(4.0, tremolo=0.3, attack=0.05),
        "small speaker": Timbre(4.0, missing=2, attack=0.03),
        "voice ah": Timbre(6.0, formants=(730.0, 1090.0, 2440.0), vibrato=35.0, attack=0.07),
        "voice ee": Timbre(6.0, formants=(270.0, 2290.0, 3010.0), vibrato=20.0, attack=0.05),
        "marimba": Timbre(16.0, even=0.3, attack=0.002, ring=0.5),
        "sine": Timbre(40.0, attack=0.02),
    },
    "valid": {
        "oboe": Timbre(2.0, formants=(1100.0, 2900.0), attack=0.03, vibrato=15.0),
        "guitar": Timbre(7.0, even=0.6, inharmonicity=5e-5, attack=0.004, ring=1.4),
        "recorder": Timbre(18.0, even=0.4, attack=0.03, breath=-20.0),
        "telephone": Timbre(5.0, missing=3, formants=(900.0, 1800.0), vibrato=10.0),
    },
    "test": {
        "bassoon": Timbre(4.0, formants=(500.0, 1150.0, 2000.0), attack=0.05, breath=-26.0),
        "clavichord": Timbre(5.0, even=0.8, inharmonicity=2e-4, attack=0.003, ring=0.8),
        "pan pipe": Timbre(11.0, even=0.1, attack=0.06, vibrato=10.0, breath=-14.0),
        "thin radio": Timbre(3.0, missing=1, attack=0.04, tremolo=0.2, vibrato=20.0),
    },
}


def note(rng: np.random.Generator, timbre: Timbre, fundamental: float, samples: int) -> Signal:
    """Play a note.

    Args:
        rng: Draws what differs between two notes of an instrument: brightness, speed of the
            vibrato, phases, a tenth of each amplitude.
        timbre: The instrument.
        fundamental: Frequency of the first harmonic, Hz.
        samples: Length.

    Returns:
        Audio, shape (samples,).
    """
    numbers = harmonic_numbers(fundamental)
    amplitudes = rolled_off(numbers, timbre.roll_off * rng.uniform(0.8, 1.25))
    amplitudes[1::2] *= timbre.even
    amplitudes *= rng.uniform(0.7, 1.3, len(numbers))
    if len(numbers) >= timbre.missing + 3:
        amplitudes[: timbre.missing] = 0.0
    if timbre.formants:
        amplitudes *= formant_gain(numbers * fundamental, np.array(timbre.formants), 0.25)
    cents = timbre.vibrato * oscillation(rng, samples, rng.uniform(4.5, 6.5))
    ratios = stretched(numbers, timbre.inharmonicity)
    audio = partials(fundamental * 2.0 ** (cents / 1200.0), ratios, amplitudes, rng)
    breath = band_noise(rng, samples, 2.0 * fundamental, 3.0)
    audio += breath * rms(audio) * decibels(timbre.breath)
    return faded(audio * _level(rng, timbre, samples), timbre.attack, 0.05)


def _level(rng: np.random.Generator, timbre: Timbre, samples: int) -> Signal:
    """How the level moves after the attack."""
    tremolo = 1.0 + timbre.tremolo * oscillation(rng, samples, rng.uniform(3.0, 6.0))
    if timbre.ring is None:
        return np.asarray(tremolo * (1.0 - 0.2 * times(samples)))
    return tremolo * decay(samples, timbre.ring * rng.uniform(0.7, 1.4))
