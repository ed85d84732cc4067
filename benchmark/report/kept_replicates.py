"""Resamples of a task that took long, kept in the cache: mAP of FSD50K's clips takes minutes.

A cached file that is damaged or absent is made again.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from benchmark.results.cells import TaskFacts
from benchmark.statistics import FoldScore, Replicates, bootstrap_task
from msssl_common.files import cache_root, write_bytes

WORTH_KEEPING = 5.0  # seconds of processor time
DECIDING = ("statistics", "scores", "events")  # packages whose code decides the numbers


def replicates(
    task: TaskFacts,
    models: Mapping[str, Sequence[FoldScore]],
    hashes: Mapping[str, Sequence[str]],
    rules: str,
    resamples: int,
) -> Replicates:
    """`bootstrap_task`, or what it gave earlier for the same predictions under the same code.

    Args:
        task: Of which the first score is meant.
        models: As in `bootstrap_task`.
        hashes: SHA-256 of each model's predictions files.
        rules: Of the protocol.
        resamples: Number of resamples.
    """
    asked = [task.task, task.score, rules, str(resamples), _code_hash()]
    asked += [f"{label} {' '.join(hashes[label])}" for label in models]
    key = hashlib.sha256("\n".join(asked).encode("utf-8", "surrogatepass")).hexdigest()
    path = cache_root() / "resampled" / f"{key}.npz"
    if kept := _load(path, task, tuple(models)):
        return kept
    started = time.process_time()
    made = bootstrap_task(task.task, models, task.better, resamples)
    if time.process_time() - started >= WORTH_KEEPING:
        file = io.BytesIO()
        np.savez(file, estimates=made.estimates, values=made.values, drawn=made.drawn)
        with suppress(OSError):  # a report needs no cache
            write_bytes(path, file.getvalue())
    return made


def _load(path: Path, task: TaskFacts, models: tuple[str, ...]) -> Replicates | None:
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            estimates, values, drawn = file["estimates"], file["values"], int(file["drawn"])
    except Exception:  # a damaged archive raises a dozen different ones
        return None
    return Replicates(task.task, task.better, models, estimates, values, drawn)


def _code_hash() -> str:
    root = Path(__file__).resolve().parents[1]
    files = [path for package in DECIDING for path in sorted((root / package).glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
