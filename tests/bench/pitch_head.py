"""Does a pitch head hear pitch? Its output against the shift, on sounds that it was not trained on.

    python -m tests.bench.pitch_head RUN...

prints a row per run folder of ``mspretrain run``. Every crop is shown twice, at two pitches up to
``max_shift_semitones`` away from its own, without any other augmentation; the head's answer should
be the difference of the pitches. The regression's answer is the difference of its means over time,
the contrastive form's the move along its axis that brings the two crops together. White noise has
no pitch: what the regression answers there, it has read off an artefact of the shift. The move can
be found by laying the very same noise upon itself; so it is asked about two draws of noise, too,
where only an artefact helps. (Guessing has an R² below 0 unless the guess is always near 0.)
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
from torch.nn import functional

from benchmark.report.tables.markdown import markdown_table
from msssl_hear.log_mel import LogMel
from pretrain.data.share import BatchShard
from pretrain.data.synthesis.notes import single_note
from pretrain.data.synthesis.signals import Signal, log_uniform
from pretrain.heads import SALIENCE_BINS_PER_SEMITONE
from pretrain.model import SamplingStrategies
from pretrain.recipe import AugmentArgs, Recipe
from pretrain.recipe_files import recipe_of
from pretrain.run_folder import CONFIG, STATE
from pretrain.views.pitch_shift import random_shifts
from pretrain.views.shifted_contrast import whole_bins
from pretrain.views.views import view

CLIPS = 256
SEED = 20251  # of no training: synthetic clips of a corpus are seeded by the run's seed
BARE = AugmentArgs(noise_sigma=0.001, gain_db=0, equaliser_db=0, low_pass_probability=0)


class Followed(NamedTuple):
    """How the head's answer goes with the shift.

    Attributes:
        r2: Share of the squared shift that the answer explains: 1 perfect, 0 as good as
        answering
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


TWO_NOISES = "two white noises"
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
def measure(
    module: SamplingStrategies, log_mel: LogMel, recipe: Recipe, audio: Tensor, other: Tensor
) -> Followed:
    """Shift each crop and its fellow and ask the head.

    Args:
        module: Encoder and heads.
        log_mel: Front end, with the run's normalisation.
        recipe: The run's.
        audio: Shape (clips, samples).
        other: The same sounds, or others, same shape.
    """
    generator = torch.Generator().manual_seed(SEED)
    largest, share = recipe.augment.max_shift_semitones, BatchShard(len(audio))
    with_contrast = recipe.encoder.pitch_numbers > 0
    shifts = [random_shifts(len(audio), largest, generator) for _ in range(2)]
    if with_contrast:
        shifts = [whole_bins(shift, largest) for shift in shifts]
    heard = []
    for crops, shift in zip((audio, other), shifts, strict=True):
        spectra = view(log_mel, crops, shift, BARE, generator, share, with_contrast)
        heard.append(module.hear_pitch(module.encoder(spectra.log_mel, None, spectra.contrast)))
    if recipe.loss.pitch_form == "contrast":
        answers = best_move(heard[0], heard[1], round(2 * largest * SALIENCE_BINS_PER_SEMITONE))
    else:
        answers = (heard[1] - heard[0]).mean(dim=1) * largest
    return followed(answers, shifts[1] - shifts[0])


def best_move(a: Tensor, b: Tensor, most: int) -> Tensor:
    """Pitch of b minus pitch of a, semitones: the move of b down that makes it most like a.

    Args:
        a: Salience, logits, shape (clips, frames, bins).
        b: The same of the other crops.
        most: Largest move, bins.

    Returns:
        Shape (clips,).
    """
    root_a, root_b = ((0.5 * salience.log_softmax(dim=2)).exp() for salience in (a, b))
    padded = functional.pad(root_b, (most, most))
    alike = [
        (root_a * padded[:, :, move : move + a.shape[2]]).sum(dim=(1, 2))
        for move in range(2 * most + 1)
    ]
    return (torch.stack(alike).argmax(dim=0) - most) / SALIENCE_BINS_PER_SEMITONE


def sounds(kind: str, samples: int, sample_rate: int, seed: int = SEED) -> Tensor:
    """Crops of one kind at a peak of 0.3, shape (CLIPS, samples)."""
    generator = np.random.default_rng(seed)
    clips = np.stack([SOUNDS[kind](generator, samples, sample_rate) for _ in range(CLIPS)])
    return torch.from_numpy(0.3 * clips / np.abs(clips).max(axis=1, keepdims=True))


def measure_run(folder: Path) -> dict[str, Followed]:
    """All kinds of sound, with the weights of a run's training state.

    Raises:
        ValueError: The run trained no pitch head.
    """
    path = folder / CONFIG
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    del config["corpus"]
    recipe = recipe_of(config, path)
    module = SamplingStrategies(recipe).eval()
    if recipe.loss.pitch_weight == 0:
        raise ValueError(f"{folder}: no pitch head was trained there")
    state = torch.load(folder / STATE, weights_only=True)
    module.load_state_dict(state["module"])
    log_mel = LogMel(recipe.log_mel)
    log_mel.load_state_dict(state["log_mel"])
    rate = recipe.log_mel.sample_rate
    samples = recipe.run.crop_frames * recipe.log_mel.hop_length
    pairs = {kind: (sounds(kind, samples, rate),) * 2 for kind in SOUNDS}
    noise = sounds("white noise", samples, rate, SEED + 1)
    pairs[TWO_NOISES] = (pairs["white noise"][0], noise)
    return {kind: measure(module, log_mel, recipe, *pair) for kind, pair in pairs.items()}


def main(folders: list[str]) -> None:
    """Print a row per run."""
    rows = []
    for folder in map(Path, folders):
        found = measure_run(folder).values()
        rows.append([folder.name, *(f"{r2:.2f} / {slope:.2f}" for r2, slope in found)])
    print("\n".join(markdown_table(["R² / slope", *SOUNDS, TWO_NOISES], rows)))


if __name__ == "__main__":
    main(sys.argv[1:])
