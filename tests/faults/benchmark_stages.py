"""Stages of ``msbench run``, ``report``, ``compare``, ``export`` and ``score``."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task
from tests.faults.forked import ended_within, reap, start
from tests.faults.stage import Stage

# Embeddings of noise: heads differ, so that one from another state of random would show.
NOISE = "embeddings = torch.sin(1e6 * audio[:, :4])"
PATHS = ("--tasks-dir", "tasks", "--no-floor")
FOLDS = [f"fold{index}" for index in range(3)]


def _run(mode: str, *more: str) -> tuple[str, ...]:
    return ("msbench", "run", "noise", *PATHS, "--out", "out", "--mode", mode, *more)


def _modules(place: Path) -> None:
    write_module(place, name="noise", scene=NOISE)
    write_module(place, name="other", scene=NOISE.replace("1e6", "2e6"))


def _clips(place: Path) -> None:
    _modules(place)
    write_event_task(place / "tasks", clips=6)


def _folds(place: Path) -> None:
    _modules(place)
    write_scene_task(place / "tasks", clips=8, split_mode="new_split_kfold", splits=FOLDS)


def _done(place: Path, *words: str) -> None:
    """Run a command that a stage starts after."""
    child = start(("msbench", *words), place, place.parent / ".begin")
    assert ended_within(child, 60) and reap(child) == 0, (place.parent / ".begin").read_text()


def _embedded(place: Path) -> None:
    """Three folds whose embeddings are in the cache."""
    _folds(place)
    _done(place, "export", "noise", "--tasks-dir", "tasks", "--out", "embeddings")


def _cells(place: Path) -> None:
    _folds(place)
    for module, out in (("noise", "before"), ("other", "after")):
        _done(place, "run", module, *PATHS, "--out", out, "--grid", "faster")
    both = place / "both"
    shutil.copytree(place / "before", both)
    shutil.copytree(place / "after" / "cells", both / "cells", dirs_exist_ok=True)
    for table in both.glob("*.*"):
        table.unlink()


EMBEDDING = Stage(
    name="run: embedding",
    command=_run("fast", "--grid", "faster"),
    begin=_clips,
    outputs=("cache", "out"),
    inputs="tasks",
    clip="tasks/tinyevents-v1-full/16000/test/test5.wav",
    lost="one batch of clips, and those of the last 2 s",
)
HEADS_FAST = Stage(
    name="run: heads, fast",
    command=_run("fast", "--grid", "faster"),
    begin=_embedded,
    outputs=("cache", "out"),
    lost="the heads of one fold's grid that train together",
)
HEADS_EXACT = Stage(
    name="run: heads, exact",
    command=_run("exact", "--grid", "faster"),
    begin=_embedded,
    outputs=("cache", "out"),
    lost="one head",
)
REPORT = Stage(
    name="report",
    command=("msbench", "report", "both"),
    begin=_cells,
    outputs=("both",),
    lost="all of it (seconds)",
)
COMPARE = Stage(
    name="compare",
    command=("msbench", "compare", "before", "before", "--markdown", "texts/same.md"),
    begin=_cells,
    outputs=("texts",),
    lost="all of it (seconds)",
)
EXPORT = Stage(
    name="export",
    command=("msbench", "export", "noise", "--tasks-dir", "tasks", "--out", "embeddings"),
    begin=_clips,
    outputs=("cache", "embeddings"),
    inputs="tasks",
    clip="tasks/tinyevents-v1-full/16000/test/test5.wav",
    lost="as embedding; the copy is made anew",
)
SCORE = Stage(
    name="score",
    command=(
        *("msbench", "score", "embeddings/noise/tiny-v1-full"),
        *("--mode", "exact", "--grid", "faster"),
    ),
    begin=_embedded,
    outputs=("cache", "embeddings"),
    lost="one head",
)

STAGES = (EMBEDDING, HEADS_FAST, HEADS_EXACT, REPORT, COMPARE, EXPORT, SCORE)
