"""The heads' fast mode on a device, with its graphs and without."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import NamedTuple
from unittest.mock import patch

import torch
from torch import Tensor

from benchmark.heads.evaluate import evaluate_task
from benchmark.heads.fast.replay import GraphRecorder, own_stream, recorder_for, wait_for
from benchmark.heads.fast.train import train_fast
from benchmark.heads.fast.training import StackTraining
from benchmark.heads.fold_data import FoldData, fold_data
from benchmark.heads.grid import GridPoint
from benchmark.heads.rows import Split
from benchmark.heads.saved_heads import SavedHeads
from benchmark.protocol import Protocol
from benchmark.tasks.task import Task, task_folds
from tests.benchmark.heads.fast.recorded import OperationCapture

RECORDER = "benchmark.heads.fast.train.recorder_for"
# Two stacks of two heads; on 12 epochs nothing stops them.
POINTS = tuple(
    GridPoint(layers, 256, 0.1, rate, 20, 12, 3, 256, "xavier_uniform_")
    for layers in (1, 2)
    for rate in (1e-3, 1e-4)
)


@contextmanager
def plain_operations(device: str) -> Iterator[None]:
    """No graphs, and every validation judged at once, as on a CPU; the same on each device."""
    with patch(RECORDER, lambda stack: None):
        yield


@contextmanager
def recordings(device: str) -> Iterator[list[str]]:
    """Graphs of the device, or their stand-in on a CPU; gives what the warnings say."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        if device.startswith("cuda"):
            recorder = recorder_for
        else:
            recorder = lambda stack: GraphRecorder(stack, OperationCapture())  # noqa: E731
        with patch(RECORDER, recorder):
            yield said
    said += [str(one.message) for one in caught if "CUDA graphs" in str(one.message)]


class Replay(NamedTuple):
    """What training with recordings gave beside plain operations.

    Attributes:
        warnings: Recordings that were of no use, in words.
        difference: Of the heads' weights, relative, the worst head.
    """

    warnings: list[str]
    difference: float


def replay_against_plain(task: Task, splits: Mapping[str, Split], device: str) -> Replay:
    """Train the same stacks by plain operations and by recordings of them."""
    data = fold_data(task, splits, task_folds(task)[0], Protocol("default", mode="fast"))
    with plain_operations(device):
        plain = _trained_weights(data, device)
    with recordings(device) as said:
        played = _trained_weights(data, device)
    pairs = zip(played, plain, strict=True)
    return Replay(said, max(float((one - two).norm() / two.norm()) for one, two in pairs))


def _trained_weights(data: FoldData, device: str) -> list[Tensor]:
    heads = train_fast(data, POINTS, 42, SavedHeads(None), lambda count: None, device)
    states = [head.head.state_dict().values() for head in heads]
    return [torch.cat([tensor.flatten().double() for tensor in state]) for state in states]


def epoch_seconds(task: Task, splits: Mapping[str, Split], device: str, heads: int) -> float:
    """Median time of an epoch of one stack of two-layer heads, as large as the default grid's."""
    data = fold_data(task, splits, task_folds(task)[0], Protocol("default", mode="fast"))
    rates = [3.2e-3 / (1 + place) for place in range(heads)]
    points = [
        replace(POINTS[-1], lr=rate, hidden_dim=1024, batch_size=1024, max_epochs=6)
        for rate in rates
    ]
    epoch, place = StackTraining.epoch, torch.device(device)
    taken: list[float] = []

    def timed(training: StackTraining) -> None:
        wait_for(place)
        started = time.perf_counter()
        epoch(training)
        wait_for(place)
        taken.append(time.perf_counter() - started)

    with patch.object(StackTraining, "epoch", timed), own_stream(place):
        train_fast(data, points, 42, SavedHeads(None), lambda count: None, device)
    return median(taken[2:])  # the first is plain, the second recorded


def seconds_of(task: Task, splits: Mapping[str, Split], protocol: Protocol, device: str) -> float:
    """Wall time of a task's evaluation."""
    started = time.perf_counter()
    evaluate_task(task, splits, protocol, device=device)
    return time.perf_counter() - started
