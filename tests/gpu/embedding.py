"""Embedding on a device: from memory and from files, as it is done now and as it was."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from unittest.mock import patch

import numpy as np
import soundfile
import torch
from torch import Tensor, nn

import benchmark
from benchmark.baselines.panns import frames as panns_frames
from benchmark.embeddings import ahead, decoders, embed
from benchmark.embeddings.cache import CacheEntry
from benchmark.embeddings.embed import TaskEmbeddings, embed_task
from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.models.worker.interpreter import Interpreter
from benchmark.tasks.task import Task, read_task
from msssl_hear import model as hear_model
from msssl_hear.fused_encoder import set_plain
from tests.gpu.made_data import SAMPLE_RATE, made_waveforms

DISTINCT = 64  # files; more clips are further names of them, which take no room
LENGTHS = (5.0, 0.7, 5.0, 2.3, 5.0, 5.0, 31.0, 5.0)  # seconds, of clips for comparisons


@contextmanager
def as_it_was() -> Iterator[None]:
    """Groups, batches and readers of a CPU, which a GPU had too until November 2026."""
    with ExitStack() as stack:
        for module, name, value in (
            (hear_model, "GPU_GROUP_FRAMES", hear_model.GROUP_FRAMES),
            (panns_frames, "GPU_GROUP_FRAMES", panns_frames.PASS_FRAMES),
            (embed, "GPU_CHUNK_SECONDS", embed.CHUNK_SECONDS),
            (ahead, "GPU_READERS", ahead.READERS),
            (decoders, "WORTH_CLIPS", sys.maxsize),
        ):
            stack.enter_context(patch.object(module, name, value))
        yield


@contextmanager
def plain_layers() -> Iterator[None]:
    """An encoder's layers as torch has them, without kernels of ours."""

    def plain(model: hear_model.HearModel, audio: Tensor) -> None:
        set_plain(model.encoder)
        model._with_kernels = False

    with patch.object(hear_model.HearModel, "_choose_layers", plain):
        yield


def from_memory(
    call: Callable[[Tensor, nn.Module], Tensor | tuple[Tensor, Tensor]],
    model: nn.Module,
    audio: Tensor,
    device: str,
    times: int,
) -> float:
    """Audio seconds a second of a HEAR function, with the copies to the device and back.

    Args:
        call: The function.
        model: On the device.
        audio: On the CPU.
        device: Torch device.
        times: Calls that count; their median does.
    """
    taken = []
    for _ in range(1 + times):  # the first call builds what the next ones use
        started = time.perf_counter()
        with torch.inference_mode():
            found = call(audio.to(device), model)
        (found if isinstance(found, Tensor) else found[0]).cpu()
        taken.append(time.perf_counter() - started)
    return audio.numel() / model.sample_rate / median(taken[1:])  # type: ignore[operator, no-any-return]


def write_clips(
    folder: Path, kind: str, lengths: list[float], clips: int, rate: int = SAMPLE_RATE
) -> Task:
    """A task of wav files in three splits, the first with that many clips, the others with two.

    Args:
        folder: Of tasks.
        kind: "scene" or "event".
        lengths: Of the distinct clips, seconds.
        clips: The first names them again and again.
        rate: Hz.
    """
    waves = made_waveforms(len(lengths), max(lengths) * rate / SAMPLE_RATE).numpy()
    path = folder / f"{kind}{clips}-v1-full"
    path.mkdir(parents=True)
    duration = lengths[0] if len(set(lengths)) == 1 else None
    scene = kind == "scene"
    facts = {
        "task_name": f"{kind}{clips}",
        "embedding_type": kind,
        "prediction_type": "multiclass" if scene else "multilabel",
        "split_mode": "trainvaltest",
        "splits": ["train", "valid", "test"],
        "sample_duration": duration,
        "evaluation": ["top1_acc"] if scene else ["segment_1s_er"],
    }
    (path / "task_metadata.json").write_text(json.dumps(facts))
    (path / "labelvocabulary.csv").write_text("idx,label\n0,a\n1,b\n")
    for split, count in (("train", clips), ("valid", 2), ("test", 2)):
        audio = path / str(rate) / split
        audio.mkdir(parents=True)
        labels = {}
        for number in range(count):
            file = audio / f"{split}{number}.wav"
            if number < len(lengths):
                wave = waves[number, : round(lengths[number] * rate)]
                soundfile.write(file, wave, rate, subtype="PCM_16")
            else:
                file.hardlink_to(audio / f"{split}{number % len(lengths)}.wav")
            label = "ab"[number % 2]
            event = {"label": label, "start": 100.0, "end": 300.0}
            labels[file.name] = [label] if scene else [event]
        (path / f"{split}.json").write_text(json.dumps(labels))
    return read_task(path)


@contextmanager
def loaded(spec: str, device: str, folder: Path) -> Iterator[HearModule]:
    """A HEAR module in a worker process, as a run has it; the cache is in the folder."""
    with (
        patch.dict(os.environ, {"MSBENCH_CACHE": str(folder / "cache")}),
        closing(load_hear_module(spec, device, Interpreter.here(), folder / "logs")) as hear,
    ):
        yield hear


def embedded(hear: HearModule, task: Task, key: str) -> TaskEmbeddings:
    """A task's embeddings, under a key of their own."""
    return embed_task(hear, task, CacheEntry.of(key, task.full_name, {}))


def from_files(hear: HearModule, task: Task, key: str) -> float:
    """Audio seconds a second from files to rows on disk, all in memory as far as the system can."""
    started = time.perf_counter()
    found = embedded(hear, task, key)
    return found.audio_seconds / (time.perf_counter() - started)


def warm(hear: HearModule, task: Task) -> None:
    """Embed a small task, so that what the next one needs is there: kernels, processes."""
    with patch.object(decoders, "WORTH_CLIPS", 0):
        embedded(hear, task, f"warm {hear.spec}")


def worker_against_cpu(
    spec: str, device: str, folder: Path, clips: int, rate: int = SAMPLE_RATE
) -> Iterator[tuple[str, float]]:
    """How far embeddings of a run on a device are from the CPU's, of clips of several lengths.

    Args:
        spec: The module.
        device: Torch device.
        folder: Empty; takes audio and embeddings.
        clips: How many.
        rate: Hz, the module's.

    Yields:
        What was embedded, and the largest difference by the length of the CPU's embedding.
    """
    lengths = list(LENGTHS)
    tasks = [
        write_clips(folder / "tasks", kind, lengths, clips, rate) for kind in ("scene", "event")
    ]
    found = []
    for name, place in (("here", "cpu"), ("there", device)):
        with loaded(spec, place, folder) as hear:
            found.append([embedded(hear, task, name) for task in tasks])
    here, there = found
    for task, mine, other in zip(tasks, here, there, strict=True):
        worst = 0.0
        for split in task.splits:
            wanted, rows = mine.splits[split].embeddings, other.splits[split].embeddings
            apart = np.linalg.norm(rows - wanted, axis=1) / np.linalg.norm(wanted, axis=1)
            worst = max(worst, float(apart.max()))
        yield task.embedding_type, worst


def shared_against_alone(device: str, folder: Path) -> float:
    """Largest difference of a run's scores on two processes that share a device, from one's."""
    kind = device.partition(":")[0]
    task = write_clips(folder / "tasks", "scene", [1.0] * 12, 12)
    scores = []
    for name, devices in (("alone", kind), ("shared", f"{kind},{kind}")):
        with patch.dict(os.environ, {"MSBENCH_CACHE": str(folder / name)}):
            leaderboard = benchmark.evaluate(
                ["msssl_hear"],
                floors=False,
                tasks_dir=task.folder,
                protocol=benchmark.Protocol("faster", grid_points=1),
                out=folder / name / "out",
                device=devices,
            )
        assert not leaderboard.failures, leaderboard.failures
        cells = sorted((folder / name / "out" / "cells").glob("*.json"))
        scores.append([json.loads(path.read_text())["folds"][0]["scores"] for path in cells])
    alone, shared = scores
    return max(
        abs(mine[score] - other[score])
        for mine, other in zip(alone, shared, strict=True)
        for score in mine
    )
