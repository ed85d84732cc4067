"""Event scores beside sed_eval's, and finding events beside loops over SciPy's median filter."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from statistics import median
from typing import TypeVar

import numpy as np

from benchmark.events.frames import clip_frames
from benchmark.events.postprocessing import events_from_frames, postprocessing_points
from benchmark.events.table import event_table, events_by_clip
from benchmark.runner.provenance import place_and_versions
from benchmark.scores import EVENT_SCORES
from benchmark.speed.inputs import (
    CLASSES,
    CLIP_MS,
    CLIPS,
    HOP_MS,
    Events,
    made_answer,
    made_probabilities,
    made_reference,
    plain_events,
)
from msssl_common.report import Report

PREDICTED_EVENTS = (40, 300, 1000)  # per clip
REPEATS = 5  # of ours within a run: one takes milliseconds
WITHOUT = "sed_eval is not installed, so the scores are measured alone: pip install sed_eval."

T = TypeVar("T")


@dataclass
class Comparison:
    """One piece of work by the reference and by us.

    Attributes:
        work: Its name.
        size: Predicted events per clip.
        reference: Seconds of CPU, per run; empty where the reference is not installed.
        ours: Seconds of CPU, per run.
        compared: Values that were compared.
        difference: Largest difference among them.
    """

    work: str
    size: str
    reference: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    compared: int = 0
    difference: float = 0.0


def scores_report(runs: int, report: Callable[[str], None]) -> Report:
    """Measure everything ``runs`` times, on other lists each time.

    Args:
        runs: Medians are of so many.
        report: Called with one line after each run.
    """
    with_sed_eval = find_spec("sed_eval") is not None
    comparisons: dict[tuple[str, str], Comparison] = {}
    for number in range(runs):
        rng = np.random.default_rng(number)
        reference = made_reference(rng)
        for per_clip in PREDICTED_EVENTS:
            predicted = made_answer(rng, reference, per_clip)
            for name in EVENT_SCORES:
                key = (name, str(per_clip))
                made = comparisons.setdefault(key, Comparison(*key))
                _score_once(made, reference, predicted, with_sed_eval)
        key = ("median filter, threshold, runs", "")
        _postprocess_once(comparisons.setdefault(key, Comparison(*key)), rng)
        report(f"run {number + 1}/{runs} done")
    return _report(list(comparisons.values()), runs, with_sed_eval)


def _score_once(made: Comparison, reference: Events, predicted: Events, beside: bool) -> None:
    def ours() -> dict[str, float]:
        tables = [event_table(events, CLIPS, CLASSES) for events in (reference, predicted)]
        return EVENT_SCORES[made.work](*tables)

    found, seconds = _timed(ours, REPEATS)
    made.ours.append(seconds)
    if beside:
        from benchmark.speed.sed_eval_scores import sed_eval_score

        theirs, seconds = _timed(
            lambda: sed_eval_score(made.work, reference, predicted, CLASSES), 1
        )
        made.reference.append(seconds)
        made.compared += len(found)
        worst = max(_difference(value, theirs[key]) for key, value in found.items())
        made.difference = max(made.difference, worst)


def _postprocess_once(made: Comparison, rng: np.random.Generator) -> None:
    """All of HEAR's default post-processings of the same probabilities."""
    probabilities = made_probabilities(rng)
    count = int(CLIP_MS / HOP_MS)
    times = np.tile(np.arange(count) * HOP_MS, len(CLIPS))
    frames = clip_frames(times, np.full(len(CLIPS), count), CLIPS)
    points = postprocessing_points(None)

    def ours() -> list[Events]:
        tables = [events_from_frames(probabilities, frames, point) for point in points]
        return [events_by_clip(table, CLIPS, CLASSES) for table in tables]

    found, seconds = _timed(ours, REPEATS)
    made.ours.append(seconds)
    theirs, seconds = _timed(
        lambda: [plain_events(probabilities, frames, CLASSES, point) for point in points], 1
    )
    made.reference.append(seconds)
    for mine, plain in zip(found, theirs, strict=True):
        made.compared += sum(map(len, plain.values()))
        made.difference = max(made.difference, 0.0 if mine == plain else math.inf)


def _timed(work: Callable[[], T], repeats: int) -> tuple[T, float]:
    """The result of some work, and its seconds of CPU, the mean over repetitions."""
    before = time.process_time()
    for _ in range(repeats):
        result = work()
    return result, (time.process_time() - before) / repeats


def _difference(ours: float, theirs: float) -> float:
    if math.isnan(ours) and math.isnan(theirs):
        return 0.0
    return abs(ours - theirs) if math.isfinite(ours - theirs) else math.inf


def _report(comparisons: Sequence[Comparison], runs: int, with_sed_eval: bool) -> Report:
    notes = [
        f"{len(CLIPS)} clips of {CLIP_MS / 1000:g} s, {len(CLASSES)} classes, 40 reference events "
        "per clip. Ours starts from the same lists of events; within a validation it is faster "
        "still, for events are in columns there already.",
        "The last row finds the events of HEAR's two default post-processings in "
        f"{int(CLIP_MS / HOP_MS) * len(CLIPS)} frames, beside SciPy's median filter and loops "
        "over runs as in hear-eval-kit (which also collects the frames one by one).",
    ]
    return Report(
        title=f"Event scores and post-processing: CPU seconds, medians of {runs} runs",
        columns=("", "predicted per clip", "sed_eval, SciPy", "ours", "×", "values", "worst diff."),
        left=(0, 1),
        rows=[_row(made) for made in comparisons],
        notes=notes if with_sed_eval else [WITHOUT, *notes],
        measured={"comparisons": [vars(made) for made in comparisons]},
        where=place_and_versions(),
    )


def _row(made: Comparison) -> tuple[str, ...]:
    ours = median(made.ours)
    if not made.reference:
        return (made.work, made.size, "", f"{ours:.4f}", "", "", "")
    theirs = median(made.reference)
    ratio = f"{theirs / ours:.0f}"
    worst = f"{made.difference:.1e}"
    return (made.work, made.size, f"{theirs:.3f}", f"{ours:.4f}", ratio, str(made.compared), worst)
