"""Making the embedded suite at first use, and finding it again afterwards.

The tasks lie in ``{cache}/embedded/{version}/``; the version is a hash of the generator's own
sources, so a changed generator makes new tasks and never reuses old audio.
"""

from __future__ import annotations

import hashlib
import platform
import warnings
from collections.abc import Callable
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    as_completed,
    wait,
)
from pathlib import Path
from typing import Final

import numpy as np

from benchmark.tasks.embedded import event, pitch, scene
from benchmark.tasks.embedded.recipe import Recipe
from benchmark.tasks.embedded.signal import SAMPLE_RATE
from benchmark.tasks.embedded.writing import Labels, audio_folder, write_clips, write_texts
from benchmark.tasks.task import read_task
from benchmark.tasks.task_hash import task_hash
from msssl_common.files import cache_root, new_folder
from msssl_common.workers import SpawnedPool, usable_cores

RECIPES: Final = (scene.RECIPE, event.RECIPE, pitch.RECIPE)
SECONDS_PER_JOB: Final = 60.0  # of audio: a second or two of work, so a progress bar moves

Progress = Callable[[int, int], None]


def embedded_suite(cache_dir: Path | None = None, progress: Progress | None = None) -> list[Path]:
    """Find the embedded tasks in the cache, and first make those that are not there.

    A task is made beside its place and renamed into it when it is whole: an interrupted call leaves
    nothing behind that looks like a task, and of two processes that make the same task one wins.
    A made task whose hash is not the one that it has everywhere is kept, with a warning.

    Args:
        cache_dir: The cache; None for ``$MSBENCH_CACHE``, else ``~/.cache/msssl-hear``.
        progress: Called with the number of clips made and to make, if any are to make.

    Returns:
        The task folders: scene, event, pitch.

    Raises:
        OSError: The cache cannot be written to.
    """
    home = (cache_dir or cache_root()) / "embedded" / generator_version()
    missing = [recipe for recipe in RECIPES if not (home / recipe.folder).is_dir()]
    if missing:
        home.mkdir(parents=True, exist_ok=True)
        _make(missing, home, progress or (lambda done, total: None))
    return [home / recipe.folder for recipe in RECIPES]


def generator_version() -> str:
    """Hash of the generator's sources: sixteen hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\n" + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def make_task(recipe: Recipe, folder: Path, pool: Executor, made: Callable[[int], None]) -> None:
    """Make one task in an existing, empty folder.

    Args:
        recipe: The task.
        folder: Where to write it.
        pool: Makes the clips.
        made: Called with the number of clips of each finished job.
    """
    labels: dict[str, dict[str, Labels]] = {split: {} for split in recipe.clips}
    jobs: dict[Future[dict[str, Labels]], str] = {}
    for split, clips in recipe.clips.items():
        audio_folder(folder, split).mkdir(parents=True)
        step = max(1, int(SECONDS_PER_JOB / recipe.seconds))
        for first in range(0, clips, step):
            indices = range(first, min(first + step, clips))
            jobs[pool.submit(write_clips, recipe, folder, split, indices)] = split
    try:
        for job in as_completed(jobs):
            entries = job.result()
            labels[jobs[job]].update(entries)
            made(len(entries))
    except BaseException:
        for job in jobs:
            job.cancel()
        wait(jobs)  # nobody writes into the folder any more, so that it can be removed
        raise
    write_texts(recipe, folder, labels)


def _make(recipes: list[Recipe], home: Path, progress: Progress) -> None:
    done, total = 0, sum(sum(recipe.clips.values()) for recipe in recipes)
    progress(done, total)

    def made(clips: int) -> None:
        nonlocal done
        done += clips
        progress(done, total)

    with SpawnedPool(usable_cores()) as pool:
        for recipe in recipes:
            with new_folder(home / recipe.folder) as folder:
                try:
                    make_task(recipe, folder, pool, made)
                except BrokenExecutor:
                    raise OSError(
                        "A process that makes the embedded tasks was killed, perhaps because "
                        "memory ran out: run the same command again."
                    ) from None
            _warn_if_other(recipe, home / recipe.folder)


def _warn_if_other(recipe: Recipe, folder: Path) -> None:
    """Say so if this platform made other bytes than those that scores are compared on."""
    found = task_hash(read_task(folder), SAMPLE_RATE)
    if recipe.sha256 not in (None, found):
        warnings.warn(
            f"{folder} has SHA-256 {found}, where {recipe.sha256} is expected on every platform: "
            f"NumPy {np.__version__} on {platform.system()} {platform.machine()} computes "
            "something else here. Scores on it cannot be compared with those of other machines; "
            "report this line to msssl-hear.",
            stacklevel=2,
        )
