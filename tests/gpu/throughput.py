"""How fast the device trains an encoder, trains heads and embeds, each beside its target.

Targets are for an H100 or H200 (issue "Fast on the hardware that users have").
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

import msssl_hear
from benchmark.baselines import panns
from benchmark.heareval.embedding_folder import read_heareval_folder
from benchmark.protocol import Protocol
from pretrain.recipe import find_recipe, read_recipe
from pretrain.tools.speed.rounds import ENCODER, PIPELINE, STEP, measure
from pretrain.training import Training
from tests.bench import untrained_cnn14
from tests.gpu.embedding import (
    DISTINCT,
    as_it_was,
    from_files,
    from_memory,
    loaded,
    warm,
    write_clips,
)
from tests.gpu.heads import epoch_seconds, plain_operations, recordings, seconds_of
from tests.gpu.made_data import (
    EVENT_CLIPS,
    FEW_EVENT_CLIPS,
    FEW_SCENE_CLIPS,
    SCENE_CLIPS,
    made_corpus,
    made_waveforms,
    write_event_task,
    write_scene_task,
)

TRAINING_TARGETS = {64: 20_000, 512: 60_000}  # crops a second, whole steps
PIPELINE_TARGET = 0.2  # of the step, at most
HEADS_TARGET = 20.0  # times exact mode on the CPU, which makes the steps of hear-eval-kit
HEADS_EPOCHS = {"scene": 60, "event": 30}  # validated every third; patience is 20 validations
EMBEDDING_TARGET = 20_000.0  # audio seconds a second


@dataclass(frozen=True)
class Speed:
    """One measurement.

    Attributes:
        name: What was timed.
        value: In `unit`.
        unit: Of `value` and `target`.
        target: What is wanted; None where there is none.
        least: Whether the target is a least value; else a most.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    least: bool = True

    @property
    def reached(self) -> bool | None:
        """Whether the target is; None without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.least else self.value <= self.target


def all_speeds(device: str, folder: Path, small: bool) -> Iterator[Speed]:
    """Every measurement, one after the other.

    Args:
        device: Torch device.
        folder: Empty; takes audio and embeddings.
        small: Few steps, for a CPU that stands in.
    """
    yield from training(device, small)
    yield from embedding(device, folder / "embedding", small)
    yield from heads(device, folder, small)


PATHS = {"plain": (False, False), "graphs": (True, False), "graphs and kernels": (True, True)}
"""Of a training step: graphs, and kernels of the encoder's norms."""


def training(device: str, small: bool) -> Iterator[Speed]:
    """Crops a second by batch size, precision and path, and the pipeline's share of a step.

    Targets are of the path that a training takes by itself, the last one.
    """
    corpus = made_corpus(24 if small else 640)
    for batch, precision, paths in (
        (64, "32-true", PATHS),
        (512, "32-true", PATHS),
        (512, "bf16-mixed", ["plain", "graphs and kernels"]),
    ):
        recipe = read_recipe(find_recipe("multi"))
        run = replace(recipe.run, batch_size=8 if small else batch, precision=precision)
        recipe = replace(recipe, run=run)
        for path in paths:
            graphs, kernels = PATHS[path]
            started = time.perf_counter()
            made = Training(recipe, corpus, device, graphs=graphs, kernels=kernels and not small)
            made.fit_statistics()
            start = time.perf_counter() - started
            found = measure(made, 1 if small else 10, 1 if small else 3, None, str)
            fast = path == "graphs and kernels"
            name = f"training, batch {run.batch_size}, {precision}, {path}"
            yield Speed(f"{name}: start", start, "s")
            for side in (ENCODER, STEP):
                target = TRAINING_TARGETS[batch] if side == STEP and fast else None
                speed = made.crops_per_step / found.step_seconds(side)
                yield Speed(f"{name}: {side}", speed, "crops/s", target)
            share = found.step_seconds(PIPELINE) / found.step_seconds(STEP)
            target = PIPELINE_TARGET if fast else None
            yield Speed(f"{name}: pipeline", share, "of the step", target, least=False)
            del made


def embedding(device: str, folder: Path, small: bool) -> Iterator[Speed]:
    """Audio seconds a second from memory and from files, in groups as they were and as they are."""
    clips, seconds, times = (2, 1.0, 1) if small else (64, 10.0, 10)
    audio = made_waveforms(clips, seconds)
    multi = msssl_hear.load_model("multi").to(device)
    cnn14 = untrained_cnn14.load_model().to(device)
    for name, module, model, heard in (
        ("multi", msssl_hear, multi, audio),
        ("cnn14", panns, cnn14, audio.repeat(1, 2)),  # at 32 kHz
    ):
        for kind, call in (
            ("scene", module.get_scene_embeddings),
            ("timestamp", module.get_timestamp_embeddings),
        ):
            with as_it_was():
                speed = from_memory(call, model, heard, device, times)
            yield Speed(f"embedding, {name}: {kind}, small groups", speed, "s/s")
            speed = from_memory(call, model, heard, device, times)
            target = EMBEDDING_TARGET if kind == "scene" else None
            yield Speed(f"embedding, {name}: {kind}", speed, "s/s", target)
    count = 6 if small else 4800
    few = write_clips(folder / "audio", "scene", [seconds / 2] * 6, 96 if not small else 7)
    many = write_clips(folder / "audio", "scene", [seconds / 2] * min(count, DISTINCT), count)
    for name in ("msssl_hear", "benchmark.baselines.logmel"):
        with loaded(name, device, folder) as hear:
            warm(hear, few)
            with as_it_was():
                speed = from_files(hear, many, f"{name} was")
            yield Speed(f"embedding, {name}: from files, two readers", speed, "s/s")
            target = EMBEDDING_TARGET if name == "msssl_hear" else None
            speed = from_files(hear, many, name)
            yield Speed(f"embedding, {name}: from files", speed, "s/s", target)


def heads(device: str, folder: Path, small: bool) -> Iterator[Speed]:
    """Times that fast mode on the device is faster than exact mode on the CPU, wall time.

    All heads of both train the same number of epochs, on which none of them stops.
    """
    points = 1 if small else 4
    few = (FEW_SCENE_CLIPS, FEW_EVENT_CLIPS)
    scene, event = few if small else (SCENE_CLIPS, EVENT_CLIPS)
    for path in (write_scene_task(folder, scene), write_event_task(folder, event)):
        task, splits = read_heareval_folder(path)
        name = f"heads, {task.embedding_type}"
        epochs = 3 if small else HEADS_EPOCHS[task.embedding_type]
        task = replace(task, param_grid={"max_epochs": [epochs]})
        exact, fast = (
            Protocol("default", mode=mode, grid_points=points) for mode in ("exact", "fast")
        )
        seconds_of(replace(task, param_grid={"max_epochs": [3]}), splits, fast, device)  # once
        count = 1 if small else 8
        for words, manner in (("no graphs", plain_operations()), ("graph", recordings(device))):
            with manner:
                epoch = 1000 * epoch_seconds(task, splits, device, count)
            yield Speed(f"{name}: epoch of {count} two-layer heads, {words}", epoch, "ms")
        with plain_operations():
            yield Speed(f"{name}: fast, no graphs", seconds_of(task, splits, fast, device), "s")
        with recordings(device):
            seconds = seconds_of(task, splits, fast, device)
        yield Speed(f"{name}: fast", seconds, "s")
        slow = seconds_of(task, splits, exact, "cpu")
        yield Speed(f"{name}: exact, on the CPU", slow, "s")
        yield Speed(name, slow / seconds, "times exact mode", HEADS_TARGET)


def place(device: str) -> str:
    """Device, cores and versions, in one line."""
    name = torch.cuda.get_device_name() if device.startswith("cuda") else device
    return f"{name}, {os.cpu_count()} cores, torch {torch.__version__}"
