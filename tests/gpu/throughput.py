"""How fast the device trains an encoder, trains heads and embeds, each beside its target.

Targets are for an H100 or H200 (issue "Fast on the hardware that users have").
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch

import msssl_hear
from benchmark.baselines import panns
from benchmark.heads.rows import Split
from benchmark.heareval.embedding_folder import read_heareval_folder
from benchmark.protocol import Protocol
from benchmark.tasks.task import Task
from pretrain.precision import Precision
from pretrain.recipe_files import find_recipe, read_recipe
from pretrain.tools.speed.rounds import ENCODER, PIPELINE, STEP, measure
from pretrain.training import Training
from tests.bench import untrained_cnn14
from tests.gpu.embedding import (
    DISTINCT,
    as_it_was,
    from_files,
    from_memory,
    loaded,
    plain_layers,
    warm,
    write_clips,
)
from tests.gpu.findings import Speed
from tests.gpu.heads import epoch_seconds, plain_operations, recordings, seconds_of
from tests.gpu.made_data import (
    EVENT_CLIPS,
    FEW_EVENT_CLIPS,
    FEW_SCENE_CLIPS,
    SCENE_CLIPS,
    made_waveforms,
    noise_corpus,
    write_event_task,
    write_scene_task,
)

TRAINING_TARGETS = {64: 20_000, 512: 60_000}  # crops a second, whole steps
PIPELINE_TARGET = 0.2  # of the step, at most
HEADS_TARGET = 20.0  # times exact mode on the CPU, which makes the steps of hear-eval-kit
HEADS_EPOCHS = {"scene": 60, "event": 30}  # validated every third; patience is 20 validations
EMBEDDING_TARGET = 20_000.0  # audio seconds a second


PATHS = {"plain": (False, False), "graphs": (True, False), "graphs and kernels": (True, True)}
"""Of a training step: graphs, and kernels of the encoder's layers."""

RUNS: dict[str, tuple[tuple[str, int, Precision, str], ...]] = {
    "fast": (
        ("multi", 512, "32-true", "graphs and kernels"),
        ("multi", 64, "32-true", "graphs and kernels"),
        ("multi_branch", 512, "32-true", "graphs and kernels"),
    ),
    "plain": (("multi", 512, "32-true", "plain"), ("multi", 64, "32-true", "plain")),
    "rest": (
        ("multi", 512, "32-true", "graphs"),
        ("multi", 64, "32-true", "graphs"),
        ("multi", 512, "bf16-mixed", "graphs and kernels"),
        ("multi", 512, "bf16-mixed", "plain"),
        ("multi_branch", 64, "32-true", "graphs and kernels"),
    ),
}
"""Recipe, batch size, precision and path of each training that is timed."""


def training(device: str, small: bool, which: str) -> Iterator[Speed]:
    """Crops a second, and the pipeline's share of a step.

    Targets are of the path that a training takes by itself, that with graphs and kernels.

    Args:
        device: Torch device.
        small: One step, of few clips.
        which: Of `RUNS`.
    """
    corpus = noise_corpus(24 if small else 640)
    for name, batch, precision, path in RUNS[which]:
        recipe = read_recipe(find_recipe(name))
        run = replace(recipe.run, batch_size=8 if small else batch, precision=precision)
        graphs, kernels = PATHS[path]
        started = time.perf_counter()
        made = Training(
            replace(recipe, run=run), corpus, device, graphs=graphs, kernels=kernels and not small
        )
        made.fit_statistics()
        start = time.perf_counter() - started
        found = measure(made, 1 if small else 10, 1 if small else 3, None, str)
        fast = path == "graphs and kernels" and precision == "32-true"
        name = f"{name}, batch {run.batch_size}, {precision}, {path}"
        for side in (STEP, ENCODER):
            target = TRAINING_TARGETS[batch] if side == STEP and fast else None
            speed = made.crops_per_step / found.step_seconds(side)
            yield Speed(f"{name}: {side}", speed, "crops/s", target)
        share = found.step_seconds(PIPELINE) / found.step_seconds(STEP)
        target = PIPELINE_TARGET if fast else None
        yield Speed(f"{name}: pipeline", share, "of the step", target, least=False)
        yield Speed(f"{name}: start", start, "s")
        plain = sum(part.failed for part in made.replayed.values())
        yield Speed(f"{name}: graphs of no use", plain, "of the step's two", 0, least=False)
        if device.startswith("cuda"):
            peak = torch.cuda.max_memory_allocated() / 2**30
            yield Speed(f"{name}: peak memory", peak, "GiB")
            torch.cuda.reset_peak_memory_stats()
        del made
        gc.collect()  # a training and its graphs hold each other


def embedding_memory(device: str, small: bool) -> Iterator[Speed]:
    """Audio seconds a second from memory: with kernels, without, and in groups as they were."""
    clips, seconds, times = (2, 1.0, 1) if small else (64, 10.0, 10)
    audio = made_waveforms(clips, seconds)
    model = msssl_hear.load_model("multi").to(device)
    kinds = {
        "scene": msssl_hear.get_scene_embeddings,
        "timestamp": msssl_hear.get_timestamp_embeddings,
    }
    for kind, call in kinds.items():
        target = EMBEDDING_TARGET if kind == "scene" else None
        speed = from_memory(call, model, audio, device, times)
        yield Speed(f"embedding, multi: {kind}", speed, "s/s", target)
        with plain_layers():
            speed = from_memory(call, model, audio, device, times)
        yield Speed(f"embedding, multi: {kind}, no kernels", speed, "s/s")
        with plain_layers(), as_it_was():
            speed = from_memory(call, model, audio, device, times)
        yield Speed(f"embedding, multi: {kind}, no kernels, small groups", speed, "s/s")
    cnn14 = untrained_cnn14.load_model().to(device)
    call, heard = panns.get_scene_embeddings, audio.repeat(1, 2)  # at 32 kHz
    speed = from_memory(call, cnn14, heard, device, times)
    yield Speed("embedding, cnn14: scene", speed, "s/s", EMBEDDING_TARGET)
    with as_it_was():
        speed = from_memory(call, cnn14, heard, device, times)
    yield Speed("embedding, cnn14: scene, small groups", speed, "s/s")


def embedding_files(device: str, folder: Path, small: bool) -> Iterator[Speed]:
    """Audio seconds a second from files, by two readers as it was and by all of them."""
    count, seconds = (6, 0.5) if small else (4800, 5.0)
    few = write_clips(folder / "audio", "scene", [seconds] * 6, 96 if not small else 7)
    many = write_clips(folder / "audio", "scene", [seconds] * min(count, DISTINCT), count)
    for name in ("msssl_hear", "benchmark.baselines.logmel"):
        with loaded(name, device, folder) as hear:
            warm(hear, few)
            target = EMBEDDING_TARGET if name == "msssl_hear" else None
            speed = from_files(hear, many, name)
            yield Speed(f"embedding, {name}: from files", speed, "s/s", target)
            with as_it_was():
                speed = from_files(hear, many, f"{name} was")
            yield Speed(f"embedding, {name}: from files, two readers", speed, "s/s")


def _tasks(folder: Path, small: bool) -> Iterator[tuple[str, Task, dict[str, Split]]]:
    """A scene task and an event task, whose heads all train the same number of epochs."""
    few = (FEW_SCENE_CLIPS, FEW_EVENT_CLIPS)
    scene, event = few if small else (SCENE_CLIPS, EVENT_CLIPS)
    for path in (write_scene_task(folder, scene), write_event_task(folder, event)):
        task, splits = read_heareval_folder(path)
        epochs = 3 if small else HEADS_EPOCHS[task.embedding_type]
        task = replace(task, param_grid={"max_epochs": [epochs]})
        yield f"heads, {task.embedding_type}", task, splits


def _mode(mode: Literal["exact", "fast"], small: bool) -> Protocol:
    return Protocol("default", mode=mode, grid_points=1 if small else 4)


def heads(device: str, folder: Path, small: bool) -> Iterator[Speed]:
    """Fast mode with graphs and without: an epoch, and a task."""
    for name, task, splits in _tasks(folder, small):
        fast, count = _mode("fast", small), 1 if small else 8
        once = replace(task, param_grid={"max_epochs": [3]})
        seconds_of(once, splits, fast, device)
        for words, manner in (("graphs", recordings), ("no graphs", plain_operations)):
            with manner(device):
                epoch = 1000 * epoch_seconds(task, splits, device, count)
                yield Speed(f"{name}: epoch of {count} two-layer heads, {words}", epoch, "ms")
                yield Speed(f"{name}: {words}", seconds_of(task, splits, fast, device), "s")


def exact_heads(device: str, folder: Path, small: bool) -> Iterator[Speed]:
    """Times that fast mode on the device is faster than exact mode on the CPU, wall time."""
    for name, task, splits in _tasks(folder, small):
        fast = _mode("fast", small)
        seconds_of(replace(task, param_grid={"max_epochs": [3]}), splits, fast, device)  # once
        with recordings(device):
            seconds = seconds_of(task, splits, fast, device)
        slow = seconds_of(task, splits, _mode("exact", small), "cpu")
        yield Speed(f"{name}: exact mode, on the CPU", slow, "s")
        yield Speed(f"{name}: fast mode", slow / seconds, "times exact mode", HEADS_TARGET)


def place(device: str) -> str:
    """Device, cores and versions, in one line."""
    name = torch.cuda.get_device_name() if device.startswith("cuda") else device
    return f"{name}, {os.cpu_count()} cores, torch {torch.__version__}"
