"""The pitch task: one note of a piano's 88 keys a clip, each on an instrument of its own.

The vocabulary is the MIDI numbers 21 to 108 without a gap, so two notes have the same chroma if and
only if their indices are equal modulo 12, as HEAR's chroma accuracy reckons.
"""

from __future__ import annotations

from typing import Final

from benchmark.tasks.embedded.channel import recorded
from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.instrument import draw_instrument, note
from benchmark.tasks.embedded.recipe import CLIP_GRID, SPLITS, MadeClip, Recipe
from benchmark.tasks.embedded.signal import samples_in
from benchmark.tasks.embedded.tones import note_frequency

SEED: Final = 3
SECONDS: Final = 1.0
LOWEST, HIGHEST = 21, 108  # MIDI: A0 (27.5 Hz) to C8 (4186 Hz)
KEYS: Final = range(LOWEST, HIGHEST + 1)
DETUNING: Final = 0.15  # semitones either way
SNR_DB: Final = (10.0, 40.0)


def make_clip(split: str, index: int) -> MadeClip:
    """Make a clip; the keys take turns, so every split has equally many of each."""
    rng = Draws(SEED, SPLITS.index(split), index)
    key = KEYS[index % len(KEYS)]
    frequency = note_frequency(key + rng.uniform(-DETUNING, DETUNING))
    dry = note(rng, draw_instrument(rng), frequency, samples_in(SECONDS))
    audio = recorded(rng, dry, SNR_DB, wet_db=(-30.0, -10.0))
    return MadeClip(f"{split}-{index:04d}.wav", audio, [str(key)])


RECIPE: Final = Recipe(
    folder="embedded_pitch-v2-synthetic",
    embedding_type="scene",
    prediction_type="multiclass",
    seconds=SECONDS,
    evaluation=("pitch_acc", "chroma_acc"),
    vocabulary=tuple(str(key) for key in KEYS),
    clips={"train": 10 * len(KEYS), "valid": 3 * len(KEYS), "test": 4 * len(KEYS)},
    param_grid=CLIP_GRID,
    sha256="d2889769d33ce370332203cc8263ccddb7a0463fe86a08d6b8be8b1d313925e8",
    make_clip=make_clip,
)
