"""Several trainings side by side on one device, on audio that is decoded once.

One small encoder leaves a GPU idle for most of a step, because starting its kernels takes longer
than running them: seven trainings side by side encoded two and a half times as many crops a second
as one alone (docs/gpu.md).
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from msssl_common.messages import explain_error
from msssl_common.workers import SpawnedPool, usable_cores
from pretrain.data.corpus import Corpus
from pretrain.data.synthesis.extend import with_synthetic_clips
from pretrain.recipe import Recipe
from pretrain.run_folder import METRICS
from pretrain.train import train

SECONDS_PER_LINE = 30.0


@dataclass(frozen=True)
class Planned:
    """One training.

    Attributes:
        recipe: All settings.
        folder: Of the run.
    """

    recipe: Recipe
    folder: Path


@dataclass(frozen=True)
class _Worker:
    """What a process needs to train: the corpus without its samples, which lie in a file."""

    corpus: Corpus
    samples: Path
    device: str
    threads: int

    def train(self, planned: Planned) -> Path:
        """Train in this process; the synthetic clips are those of the run's own seed."""
        torch.set_num_threads(self.threads)
        # Copy on write: nobody writes, and torch wants memory that could be written to.
        samples = np.load(self.samples, mmap_mode="c", allow_pickle=False)
        corpus = replace(self.corpus, samples=torch.from_numpy(samples))
        recipe = planned.recipe
        made, seed = recipe.data.synthetic_clips, recipe.run.seed
        corpus = with_synthetic_clips(corpus, made, seed)
        return train(recipe, corpus, planned.folder, self.device, resume=True, quiet=True)


def train_side_by_side(
    runs: Sequence[Planned],
    corpus: Corpus,
    out: Path,
    device: str,
    jobs: int,
    say: Callable[[str], object],
) -> list[Path]:
    """Train every run, ``jobs`` at a time, each in a process of its own.

    A run that fails lets the others finish. Runs that an earlier call left unfinished are resumed.

    Args:
        runs: What to train. ``jobs`` changes nothing but the order of sums over threads.
        corpus: Without synthetic clips. Each process holds a copy of it.
        out: Existing folder with room for the decoded audio: two bytes per sample.
        device: ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``auto``; all runs share it.
        jobs: Runs at a time.
        say: Gets a line about progress, twice a minute, and one per run.

    Returns:
        The weights' files, in the order of ``runs``.

    Raises:
        RuntimeError: A run failed; it names each that did.
        OSError: The audio cannot be written.
    """
    with TemporaryDirectory(prefix=".audio-", dir=out) as folder:
        samples = Path(folder) / "samples.npy"
        np.save(samples, corpus.samples.numpy(), allow_pickle=False)
        bare = replace(corpus, samples=torch.empty(0, dtype=torch.int16))
        worker = _Worker(bare, samples, device, max(1, usable_cores() // jobs))
        with SpawnedPool(jobs) as pool:
            futures = {pool.submit(worker.train, run): run for run in runs}
            failed = watch(futures, say)
    if failed:
        raise RuntimeError("; ".join(failed) + "; the same command resumes the others")
    return [future.result() for future in futures]


def watch(futures: dict[Future[Path], Planned], say: Callable[[str], object]) -> list[str]:
    """Wait for all, telling how far they are; a sentence for each that failed."""
    failed: list[str] = []
    pending, next_line = set(futures), time.monotonic() + SECONDS_PER_LINE
    while pending:
        left = max(0.0, next_line - time.monotonic())
        done, pending = wait(pending, timeout=left, return_when=FIRST_COMPLETED)
        for future in done:
            name = futures[future].folder.name
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                failed.append(f"{name}: its process was killed (out of memory? try fewer --jobs)")
            elif error is not None:
                failed.append(f"{name}: {explain_error(error)}")
            else:
                say(f"{name}: trained")
        if time.monotonic() >= next_line:
            next_line += SECONDS_PER_LINE
            states = map(_how_far, futures.values())
            say("  ".join(state for state in states if state) or "reading the audio")
    return failed


def _how_far(run: Planned) -> str:
    """``name step/steps`` of the last logged step; empty before the first and after the last."""
    try:
        with (run.folder / METRICS).open(newline="", encoding="utf-8") as file:
            step = max((int(float(row["step"])) for row in csv.DictReader(file)), default=0)
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    steps = run.recipe.run.steps
    return f"{run.folder.name} {step}/{steps}" if 0 < step < steps else ""
