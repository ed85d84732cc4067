"""The number that is monitored at every validation: it stops training and selects the head.

Scene scores follow the published or the strict rules, with upstream's precision of numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.embeddings.splits import EventSplit, SceneSplit
from benchmark.events.frames import clip_frames
from benchmark.events.postprocessing import Postprocessing, postprocessing_points
from benchmark.events.table import event_table
from benchmark.heads.outputs import head_loss, probabilities
from benchmark.heads.postprocessing_search import PostprocessingSearch
from benchmark.heads.rows import Split, targets_of
from benchmark.protocol import Rules
from benchmark.scores import MINIMISED, as_logged, event_score, scene_score_under
from benchmark.scores.ranking import two_sided
from benchmark.tasks.task import Task

ScoreMode = Literal["max", "min"]


class Monitored(NamedTuple):
    """Outcome of one validation.

    Attributes:
        score: The watched number, in the precision in which upstream compares it.
        postprocessing: The choice for these probabilities; None in a scene task.
    """

    score: float
    postprocessing: Postprocessing | None


Monitor = Callable[[list[Tensor]], Monitored]  # takes the logits of all rows in batches


class Selection(NamedTuple):
    """How heads are judged on a validation split.

    Attributes:
        monitor: Gives the watched number for a head's logits.
        name: Of that number: the task's first score, or ``"loss"``.
        mode: Whether it is better when larger or when smaller.
        instead: What is watched in place of the task's first score, and why, in words; empty where
            it is that score, or the loss because the task asks for it.
    """

    monitor: Monitor
    name: str
    mode: ScoreMode
    instead: str = ""


def selection(task: Task, split: Split, rules: Rules) -> Selection:
    """How a head's logits for a validation split are judged.

    Under strict rules the post-processing with the least error rate is chosen; the published
    protocol takes the one with the largest.

    Where the split leaves the score undefined whatever is predicted, another number is watched:
    of aucroc and d_prime the mean over the classes that have them, else the loss. hear-eval-kit
    stops there, and keeps the heads of the first validation. No published score depends on it.

    Raises:
        ValueError: The task selects by loss but leaves more than one post-processing open.
    """
    if not task.use_scoring_for_early_stopping:
        return Selection(_loss_monitor(task, split, _only_point(task, split)), "loss", "min")
    name = task.evaluation[0]
    mode: ScoreMode = "min" if name in MINIMISED else "max"
    if isinstance(split, EventSplit):
        if any(split.events.values()):
            return Selection(_event_monitor(task, split, rules, mode), name, mode)
        # Of undefined scores upstream takes the largest point (see `PostprocessingSearch`).
        point = max(postprocessing_points(task.postprocessing_grid))
        reason = f"the loss: the split {split.name} has no events, so that {name} is undefined"
        return Selection(_loss_monitor(task, split, point), "loss", "min", reason)
    return _scene_selection(task, split, rules, name, mode)


def _scene_selection(
    task: Task, split: SceneSplit, rules: Rules, name: str, mode: ScoreMode
) -> Selection:
    classes = slice(None)
    if name not in ("aucroc", "d_prime") or (there := two_sided(split.targets)).all():
        return Selection(_scene_monitor(task, split, rules, classes), name, mode)
    lack = f"in the split {split.name} {{}} no clips, or all of them"
    if not there.any():
        reason = f"the loss: {lack.format('every class has')}, so that no {name} is defined"
        return Selection(_loss_monitor(task, split, None), "loss", "min", reason)
    known, missing = int(there.sum()), int((~there).sum())
    others = lack.format("the other one has" if missing == 1 else f"the other {missing} have")
    reason = f"the mean {name} of {known} of {len(there)} classes: {others}"
    return Selection(_scene_monitor(task, split, rules, there), name, mode, reason)


def batched_probabilities(task: Task, logits: list[Tensor]) -> NDArray[np.float32]:
    """Probabilities of all rows, shape (rows, classes)."""
    # Batch by batch: vectorised exponentials round by an element's place in the tensor.
    parts = [probabilities(batch, task.prediction_type) for batch in logits]
    array: NDArray[np.float32] = torch.cat(parts).numpy()
    return array


def _only_point(task: Task, split: Split) -> Postprocessing | None:
    """The post-processing of a task that selects by loss; None in a scene task."""
    if not isinstance(split, EventSplit):
        return None
    points = postprocessing_points(task.postprocessing_grid)
    if len(points) != 1:
        raise ValueError(
            f"Task {task.full_name} selects by loss (use_scoring_for_early_stopping false), so "
            "that no score can choose the post-processing: its event_postprocessing_grid must "
            f"have exactly one point, but has {len(points)}."
        )
    return points[0]


def _loss_monitor(task: Task, split: Split, postprocessing: Postprocessing | None) -> Monitor:
    targets = targets_of(task, [split])

    def monitor(logits: list[Tensor]) -> Monitored:
        loss = head_loss(torch.cat(logits), targets, task.prediction_type)
        return Monitored(loss.item(), postprocessing)

    return monitor


def _scene_monitor(
    task: Task, split: SceneSplit, rules: Rules, classes: slice | NDArray[np.bool_]
) -> Monitor:
    """The task's first score, of some of its classes."""
    name = task.evaluation[0]
    score = scene_score_under(name, rules, task.vocabulary)
    targets = split.targets[:, classes]

    def monitor(logits: list[Tensor]) -> Monitored:
        value = score(batched_probabilities(task, logits)[:, classes], targets)
        return Monitored(as_logged(name, value), None)

    return monitor


def _event_monitor(task: Task, split: EventSplit, rules: Rules, mode: ScoreMode) -> Monitor:
    search = PostprocessingSearch(
        postprocessing_points(task.postprocessing_grid),
        clip_frames(split.timestamps_ms, split.frames_per_clip, split.clips),
        event_table(split.events, split.clips, task.vocabulary),
        event_score(task.evaluation[0]),
        smallest=rules == "strict" and mode == "min",
    )

    def monitor(logits: list[Tensor]) -> Monitored:
        score, best = search(batched_probabilities(task, logits))
        return Monitored(as_logged(task.evaluation[0], score), best)

    return monitor
