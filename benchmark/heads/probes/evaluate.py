"""Scores of one task under another probe than HEAR's head: choice on validation, folds, test.

Folds, selection and scores are HEAR's (`benchmark.heads.evaluate`): under the published rules the
regularisation or the number of neighbours is chosen once, on the first fold's validation split.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from benchmark.events.postprocessing import Postprocessing
from benchmark.heads.evaluate import check_task, searched_folds
from benchmark.heads.fold_data import fold_splits
from benchmark.heads.lazy_rows import StoredEmbeddings
from benchmark.heads.monitor import Selection, selection
from benchmark.heads.probes.linear import CS, linear_probes
from benchmark.heads.probes.neighbours import KS, Neighbours
from benchmark.heads.result import FoldResult, TaskResult, score_logits
from benchmark.heads.rows import Split
from benchmark.heads.trained_head import is_better
from benchmark.protocol import Protocol
from benchmark.scores import MINIMISED
from benchmark.tasks.task import Fold, Task, task_folds

Setting = float | int  # C, or the number of neighbours
NAMES = {"linear": "C", "knn": "neighbours"}


@dataclass(frozen=True)
class Candidate:
    """A probe with one value of its hyperparameter.

    Attributes:
        setting: The value.
        valid: Logits of the validation rows.
        test: Gives the logits of the test rows.
    """

    setting: Setting
    valid: Tensor
    test: Callable[[], Tensor]


def probe_settings(protocol: Protocol) -> Sequence[Setting]:
    """The values of a probe's hyperparameter that are tried."""
    return CS if protocol.probe == "linear" else KS


def check_probe(task: Task, protocol: Protocol) -> None:
    """Refuse a task that the protocol is not for.

    Raises:
        ValueError: Neighbours or few shots for an event task.
    """
    if task.embedding_type != "event":
        return
    if protocol.probe == "knn":
        raise ValueError(
            f"Probe knn is for scene and pitch tasks, and {task.full_name} has events: "
            "choose linear or mlp"
        )
    if protocol.shots is not None:
        raise ValueError(
            f"Shots are clips of a class, and {task.full_name} has events: "
            "choose scene and pitch tasks"
        )


def evaluate_probe(
    task: Task,
    splits: Mapping[str, Split],
    protocol: Protocol,
    on_progress: Callable[[int, int], None] | None = None,
) -> TaskResult:
    """Fit a probe on a task's embeddings and score it on every test split.

    Args:
        task: The task.
        splits: Embeddings and labels of every split of the task, by split name.
        protocol: Probe, seed of the shots, rules.
        on_progress: Called after each fold with the folds done and the folds in all.

    Raises:
        ValueError: A score or a split of the task is not fit to be used, or the task not for this
            probe.
    """
    check_probe(task, protocol)
    check_task(task, splits, protocol)
    folds = task_folds(task)
    found: list[FoldResult] = []
    names: list[str] = []
    chosen: Setting | None = None
    for index, fold in enumerate(folds):
        if index < searched_folds(folds, protocol):
            chosen = None
        result, judged, chosen = _evaluate_fold(task, splits, fold, protocol, chosen)
        found.append(result)
        names.append(judged.name)
        if on_progress:
            on_progress(index + 1, len(folds))
    return TaskResult(
        folds=found,
        score_name=task.evaluation[0],
        score_mode="min" if task.evaluation[0] in MINIMISED else "max",
        monitored=names[0],
        grid_points=len(probe_settings(protocol)),
    )


def _evaluate_fold(
    task: Task,
    splits: Mapping[str, Split],
    fold: Fold,
    protocol: Protocol,
    chosen: Setting | None,
) -> tuple[FoldResult, Selection, Setting]:
    """Fit, choose unless it is chosen already, and test."""
    began = time.perf_counter()
    train, valid = fold_splits(task, splits, fold, protocol)
    test = splits[fold.test]
    judged = selection(task, valid, protocol.rules)
    settings = probe_settings(protocol) if chosen is None else [chosen]
    tried = _candidates(task, train, valid, test, protocol, settings)
    found = [judged.monitor([candidate.valid]) for candidate in tried]
    best = 0
    for index, (score, _) in enumerate(found):  # a number is better than none
        known = not math.isnan(score) and math.isnan(found[best].score)
        if known or is_better(score, found[best].score, judged.mode):
            best = index
    score, point = found[best]
    scores, predictions = score_logits(
        task, [tried[best].test()], test, point or Postprocessing(), protocol.rules
    )
    result = FoldResult(
        test_split=test.name,
        scores=scores,
        validation_score=score,
        epoch=0,
        seconds=time.perf_counter() - began,
        hyperparameters={NAMES[protocol.probe]: tried[best].setting},
        postprocessing=tuple(point._asdict().items()) if point else (),
        clips=test.clips,
        predictions=predictions,
        selected_by=judged.instead,
    )
    return result, judged, tried[best].setting


def _candidates(
    task: Task,
    train: Sequence[Split],
    valid: Split,
    test: Split,
    protocol: Protocol,
    settings: Sequence[Setting],
) -> list[Candidate]:
    """A probe for each setting; of neighbours, those that there are enough training clips for."""
    embeddings, targets = _joined(train)
    multiclass = task.prediction_type == "multiclass"
    validation, testing = StoredEmbeddings([valid.embeddings]), StoredEmbeddings([test.embeddings])
    if protocol.probe == "linear":
        return [
            Candidate(c, probe.logits(validation), partial(probe.logits, testing))
            for c, probe in linear_probes(embeddings, targets, multiclass, settings)
        ]
    most = len(targets)
    numbers = [int(k) for k in settings if k <= most] or [most]
    neighbours = Neighbours(embeddings, targets, multiclass, numbers)
    return [
        Candidate(k, logits, partial(neighbours.logits_of, testing, k))
        for k, logits in neighbours.logits(validation)
    ]


def _joined(splits: Sequence[Split]) -> tuple[NDArray[np.floating], NDArray[np.float32]]:
    """Embeddings and labels of splits one after the other, in memory."""
    embeddings = np.concatenate([np.asarray(split.embeddings) for split in splits])
    return embeddings, np.concatenate([split.targets for split in splits])
