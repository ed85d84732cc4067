"""Notes, melodies and chords of random instruments."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pretrain.data.synthesis.envelopes import SIXTY_DB, exponential_decay, fades, note_envelope
from pretrain.data.synthesis.oscillators import harmonics, partials, running_cycles
from pretrain.data.synthesis.signals import Signal, highest_frequency, log_uniform, peak_one
from pretrain.data.synthesis.timbres import Timbre, draw_timbre

LOWEST_NOTE, HIGHEST_NOTE = 24, 96  # MIDI: C1 to C7, 33 to 2093 Hz
MOST_PARTIALS = 24  # of a stiff string: each costs a sine of its own
DEEPEST_VIBRATO = 80.0  # cents
STEPS = np.array([-7, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 7])  # semitones of a melody
INTERVALS = np.array([3, 4, 5, 7, 8, 9, 10, 12, 14, 16])  # semitones above a chord's lowest note


def midi_frequency(note: float) -> float:
    """Frequency in Hz of a MIDI note number, A4 = 69 = 440 Hz, fractions allowed."""
    return float(440.0 * 2.0 ** ((note - 69.0) / 12.0))


def single_note(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """One note of any pitch, also between the semitones; two in five have vibrato."""
    frequency = midi_frequency(generator.uniform(LOWEST_NOTE, HIGHEST_NOTE))
    timbre = draw_timbre(generator)
    cents = vibrato(generator, samples, sample_rate) if generator.random() < 0.4 else None
    return play(generator, frequency, timbre, samples, sample_rate, cents)


def melody(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """A walk over notes, one after another, all of one instrument; one note in eight rests."""
    timbre, tuning = draw_timbre(generator), generator.uniform(-0.5, 0.5)
    pitch = int(generator.integers(LOWEST_NOTE + 7, HIGHEST_NOTE - 7))
    beat = log_uniform(generator, 0.12, 0.7) * sample_rate
    overlap = generator.uniform(0.8, 1.3)  # staccato to legato
    line = np.zeros(samples, np.float32)
    start = 0
    while start < samples:
        step = round(beat * generator.choice([0.5, 1, 1, 1, 2]))
        end = min(samples, start + round(overlap * step))
        if start == 0 or generator.random() > 0.125:
            frequency = midi_frequency(pitch + tuning)
            line[start:end] += play(generator, frequency, timbre, end - start, sample_rate)
        pitch = int(np.clip(pitch + generator.choice(STEPS), LOWEST_NOTE, HIGHEST_NOTE))
        start += step
    return line


def chord(generator: Generator, samples: int, sample_rate: int) -> Signal:
    """Two to five notes at once, or each a little after the other; of one instrument or several."""
    lowest = generator.uniform(LOWEST_NOTE + 6, HIGHEST_NOTE - 16)
    upper = generator.choice(INTERVALS, int(generator.integers(1, 5)), replace=False)
    delay = generator.uniform(0, 0.15) * sample_rate if generator.random() < 0.4 else 0.0
    timbre, shared = draw_timbre(generator), generator.random() < 0.7
    total = np.zeros(samples, np.float32)
    for position, interval in enumerate([0, *upper]):
        start = min(round(position * delay), samples // 2)
        frequency = midi_frequency(lowest + interval)
        voice = timbre if shared else draw_timbre(generator)
        note = play(generator, frequency, voice, samples - start, sample_rate)
        total[start:] += np.float32(generator.uniform(0.4, 1.0)) * note
    return total


def play(
    generator: Generator,
    frequency: float,
    timbre: Timbre,
    samples: int,
    sample_rate: int,
    cents: NDArray[np.float64] | None = None,
) -> Signal:
    """One note with a random envelope, peak 1.

    Args:
        generator: Draws phases, envelope, breath and how the sound dulls.
        frequency: Of the fundamental, Hz.
        timbre: The instrument.
        samples: Length.
        sample_rate: Hz.
        cents: Deviation of the pitch over time, shape (samples,); None for a steady pitch.
    """
    bent = frequency if cents is None else frequency * np.exp2(cents / 1200)
    cycles = running_cycles(bent, samples, sample_rate)
    # Room for the deepest vibrato, so that it does not alias.
    highest = highest_frequency(sample_rate) * 2 ** (-DEEPEST_VIBRATO / 1200)
    amplitudes = timbre.amplitudes(frequency, highest)
    sound = _stiff if timbre.stiffness else _dulling
    note = peak_one(sound(generator, timbre, cycles, amplitudes, sample_rate))
    if generator.random() < 0.25:
        note += _breath(generator, samples)
    return peak_one(note * note_envelope(generator, samples, sample_rate))


def vibrato(generator: Generator, samples: int, sample_rate: int) -> NDArray[np.float64]:
    """Sinusoidal deviation in cents at 3 to 9 Hz, which sets in after up to half a second."""
    depth, rate = log_uniform(generator, 5, DEEPEST_VIBRATO), generator.uniform(3, 9)
    angle = np.arange(samples) * (2 * np.pi * rate / sample_rate)
    onset = fades(samples, generator.uniform(0.02, 0.5), 0, sample_rate)
    return np.asarray(depth * onset * np.sin(angle + generator.uniform(0, 2 * np.pi)))


def _dulling(
    generator: Generator,
    timbre: Timbre,
    cycles: NDArray[np.float64],
    amplitudes: NDArray[np.float64],
    sample_rate: int,
) -> Signal:
    """Exact harmonics whose upper ones fade first: a bright sound that becomes a dull one."""
    phases = generator.uniform(0, 2 * np.pi, len(amplitudes))
    bright = harmonics(cycles, amplitudes, phases)
    if generator.random() < 0.4:
        return bright
    numbers = np.arange(1, len(amplitudes) + 1)
    dull = harmonics(cycles, amplitudes * numbers ** -generator.uniform(0.3, 1.5), phases)
    weight = exponential_decay(len(cycles), log_uniform(generator, 0.7, 14), sample_rate)
    return dull + weight * (bright - dull)


def _stiff(
    generator: Generator,
    timbre: Timbre,
    cycles: NDArray[np.float64],
    amplitudes: NDArray[np.float64],
    sample_rate: int,
) -> Signal:
    """Stretched partials, the higher ones decaying faster, as of a piano's strings."""
    count = min(len(amplitudes), MOST_PARTIALS)
    fundamental = SIXTY_DB / (log_uniform(generator, 1.0, 8.0) * sample_rate)
    spread = np.arange(1.0, count + 1) ** generator.uniform(0, 1)
    return partials(cycles, timbre.ratios(count), amplitudes[:count], fundamental * spread)


def _breath(generator: Generator, samples: int) -> Signal:
    """White noise 20 to 45 dB below the note."""
    level = np.float32(10 ** (-generator.uniform(20, 45) / 20))
    return level * generator.standard_normal(samples, np.float32)
