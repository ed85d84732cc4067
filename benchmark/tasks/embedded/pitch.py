"""The pitch task: one note of a piano's 88 keys a clip, on instruments that training never met.

The vocabulary is the MIDI numbers 21 to 108 without a gap, so two notes have the same chroma if and
only if their indices are equal modulo 12, as HEAR's chroma accuracy reckons.
"""

from __future__ import annotations

from typing import Final

from benchmark.tasks.embedded.channel import recorded
from benchmark.tasks.embedded.recipe import CLIP_GRID, SPLITS, MadeClip, Recipe
from benchmark.tasks.embedded.signal import clip_random, samples_in
from benchmark.tasks.embedded.timbre import TIMBRES, note
from benchmark.tasks.embedded.tones import note_frequency

SEED: Final = 3
SECONDS: Final = 1.0
LOWEST, HIGHEST = 21, 108  # MIDI: A0 (27.5 Hz) to C8 (4186 Hz)
KEYS: Final = range(LOWEST, HIGHEST + 1)
DETUNING: Final = 0.15  # semitones either way
SNR_DB: Final = (10.0, 40.0)


def make_clip(split: str, index: int) -> MadeClip:
    """Make a clip; keys take turns, and each key's instruments take turns in their own order."""
    rng = clip_random(SEED, SPLITS.index(split), index)
    take, key = divmod(index, len(KEYS))
    names = sorted(TIMBRES[split])
    name = names[(5 * key + take) % len(names)]
    frequency = note_frequency(KEYS[key] + rng.uniform(-DETUNING, DETUNING))
    dry = note(rng, TIMBRES[split][name], frequency, samples_in(SECONDS))
    audio = recorded(rng, dry, SNR_DB, equaliser_db=4.0, wet_db=(-30.0, -10.0))
    file = f"{name.replace(' ', '_')}-{KEYS[key]:03d}-{take:02d}.wav"
    return MadeClip(file, audio, [str(KEYS[key])])


RECIPE: Final = Recipe(
    folder="embedded_pitch-v1-synthetic",
    embedding_type="scene",
    prediction_type="multiclass",
    seconds=SECONDS,
    evaluation=("pitch_acc", "chroma_acc"),
    vocabulary=tuple(str(key) for key in KEYS),
    clips={"train": 10 * len(KEYS), "valid": 3 * len(KEYS), "test": 4 * len(KEYS)},
    param_grid=CLIP_GRID,
    make_clip=make_clip,
)
