"""Does a pitch head hear pitch? Its output against the shift, on sounds that it was not trained on.

    python -m tests.bench.pitch_head RUN...

prints a row per run folder of ``mspretrain run`` (regression form). Every crop is shown twice, at
two pitches up to ``max_shift_semitones`` away from its own, without any other augmentation; the
difference of the head's means over time should be the difference of the pitches. White noise has
none: whatever the head answers there, it has read off an artefact of the shift.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import yaml
from torch import Tensor

from benchmark.report.markdown_table import markdown_table
from msssl_hear.log_mel import LogMel
from pretrain.args import AugmentArgs, Recipe, recipe_of
from pretrain.distributed.share import Share
from pretrain.heads import PitchHead
from pretrain.pitch_shift import random_shifts
from pretrain.run_folder import CONFIG, STATE
from pretrain.strategies import SamplingStrategies
from pretrain.synthesis.notes import single_note
from pretrain.synthesis.signals import Signal, log_uniform
from pretrain.views import view

CLIPS = 256
SEED = 20251  # of no training: synthetic clips of a corpus are seeded by the run's seed
BARE = AugmentArgs(noise_sigma=0.001, gain_db=0, equaliser_db=0, low_pass_probability=0)


class Followed(NamedTuple):
    """How the head's answer goes with the shift.

    Attributes:
        r2: Share of the squared shift that the answer explains: 1 perfect, 0 as good as answering
            "no shift", below 0 worse than that.
        slope: Semitones answered per semitone shifted, by least squares.
    """

    r2: float
    slope: float


def sine(generator: np.random.Generator, samples: int, sample_rate: int) -> Signal:
    """A steady sine between 100 Hz and 2 kHz."""
    cycles = log_uniform(generator, 100.0, 2000.0) * np.arange(samples) / sample_rate
    return np.sin(2 * np.pi * (cycles + generator.random())).astype(np.float32)


def white_noise(generator: np.random.Generator, samples: int, sample_rate: int) -> Signal:
    """Independent normal samples."""
    return generator.standard_normal(samples, dtype=np.float32)


SOUNDS: dict[str, Callable[[np.random.Generator, int, int], Signal]] = {
    "sines": sine,
    "synthetic notes": single_note,
    "white noise": white_noise,
}


def followed(answers: Tensor, shifts: Tensor) -> Followed:
    """Compare answers with shifts, both in semitones, shape (clips,)."""
    errors = (answers - shifts).square().sum()
    slope = (answers * shifts).sum() / shifts.square().sum()
    return Followed(float(1 - errors / shifts.square().sum()), float(slope))


@torch.no_grad()
def measure(module: SamplingStrategies, log_mel: LogMel, recipe: Recipe, audio: Tensor) -> Followed:
    """Shift each crop twice and ask the head.

    Args:
        module: Encoder and heads.
        log_mel: Front end, with the run's normalisation.
        recipe: The run's.
        audio: Shape (clips, samples).
    """
    generator = torch.Generator().manual_seed(SEED)
    largest, share = recipe.augment.max_shift_semitones, Share(len(audio))
    shifts = [random_shifts(len(audio), largest, generator) for _ in range(2)]
    pitches = [
        module.pitch_head(
            module.encoder(view(log_mel, audio, shift, BARE, generator, share), None)
        ).mean(dim=1)
        for shift in shifts
    ]
    return followed((pitches[1] - pitches[0]) * largest, shifts[1] - shifts[0])


def sounds(kind: str, samples: int, sample_rate: int) -> Tensor:
    """Crops of one kind at a peak of 0.3, shape (CLIPS, samples)."""
    generator = np.random.default_rng(SEED)
    clips = np.stack([SOUNDS[kind](generator, samples, sample_rate) for _ in range(CLIPS)])
    return torch.from_numpy(0.3 * clips / np.abs(clips).max(axis=1, keepdims=True))


def measure_run(folder: Path) -> dict[str, Followed]:
    """All kinds of sound, with the weights of a run's training state.

    Raises:
        ValueError: The run's pitch head is not the regression's, or was not trained.
    """
    path = folder / CONFIG
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    del config["corpus"]
    recipe = recipe_of(config, path)
    module = SamplingStrategies(recipe).eval()
    if recipe.loss.pitch_weight == 0 or not isinstance(module.pitch_head, PitchHead):
        raise ValueError(f"{folder}: no pitch head was trained by regression there")
    state = torch.load(folder / STATE, weights_only=True)
    module.load_state_dict(state["module"])
    log_mel = LogMel(recipe.log_mel)
    log_mel.load_state_dict(state["log_mel"])
    rate = recipe.log_mel.sample_rate
    samples = recipe.run.crop_frames * recipe.log_mel.hop_length
    return {kind: measure(module, log_mel, recipe, sounds(kind, samples, rate)) for kind in SOUNDS}


def main(folders: list[str]) -> None:
    """Print a row per run."""
    rows = []
    for folder in map(Path, folders):
        found = measure_run(folder).values()
        rows.append([folder.name, *(f"{r2:.2f} / {slope:.2f}" for r2, slope in found)])
    print("\n".join(markdown_table(["R² / slope", *SOUNDS], rows)))


if __name__ == "__main__":
    main(sys.argv[1:])
