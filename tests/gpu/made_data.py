"""Audio and embeddings that the checks make themselves: nothing is downloaded or carried."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TypedDict

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor

from pretrain.data.corpus import Corpus
from pretrain.data.synthesis.clips import synthetic_clips
from tests.parity.made_embeddings import write_rows

SAMPLE_RATE = 16_000  # Hz
CLASSES = tuple(f"class {index:02d}" for index in range(50))
SCENE_CLIPS = {"train": 1600, "valid": 400, "test": 400}  # clips, as many as ESC-50 has with folds
EVENT_CLASSES = CLASSES[:11]  # as many as DCASE 2016's remix
EVENT_CLIPS = {"train": 8, "valid": 2, "test": 2}
FEW_SCENE_CLIPS = {"train": 400, "valid": 200, "test": 400}
FEW_EVENT_CLIPS = {"train": 2, "valid": 1, "test": 1}
EVENT_SECONDS = 60.0
TIMES = np.arange(0, 1000 * EVENT_SECONDS, 40.0)  # of frames, ms
SIZE = 512


class Event(TypedDict):
    """As task files have it; times in ms."""

    label: str
    start: float
    end: float


def made_waveforms(clips: int, seconds: float) -> Tensor:
    """Tones in noise, in [-1, 1], float32, shape (clips, samples)."""
    generator = torch.Generator().manual_seed(0)
    times = torch.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitches = 110.0 * 2 ** torch.linspace(0, 4, clips)
    tones = torch.sin(2 * torch.pi * pitches[:, None] * times)
    noise = torch.randn(clips, len(times), generator=generator)
    return 0.3 * tones + 0.05 * noise


def write_corpus(folder: Path, clips: int) -> Path:
    """Write synthetic clips as wav files; returns the folder."""
    folder.mkdir(parents=True)
    for number, clip in enumerate(synthetic_clips(clips, 1, SAMPLE_RATE)):
        soundfile.write(folder / f"{number:04d}.wav", clip, SAMPLE_RATE)
    return folder


def made_corpus(clips: int) -> Corpus:
    """Synthetic clips in memory."""
    samples = [torch.from_numpy(clip) for clip in synthetic_clips(clips, 1, SAMPLE_RATE)]
    lengths = torch.tensor([len(clip) for clip in samples])
    names = tuple(f"{number:04d}" for number in range(clips))
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])
    return Corpus(torch.cat(samples), offsets, names, ("made",) * clips)


def write_scene_task(folder: Path, scene_clips: dict[str, int] = SCENE_CLIPS) -> Path:
    """Embeddings of a task of 50 classes, noisy enough that heads make errors."""
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((len(CLASSES), SIZE))
    _write_metadata(folder, "scene", CLASSES, scene_clips, "multiclass", ["top1_acc", "mAP"], 5.0)
    shuffler = random.Random(0)  # upstream's order of rows
    for split, count in scene_clips.items():
        classes = rng.integers(len(CLASSES), size=count)
        labels = {f"{split}_{n:04d}.wav": [CLASSES[c]] for n, c in enumerate(classes)}
        (folder / f"{split}.json").write_text(json.dumps(labels))
        order = list(range(count))
        shuffler.shuffle(order)
        rows = directions[classes[order]] + 5.0 * rng.standard_normal((count, SIZE))
        write_rows(folder, split, rows, [[CLASSES[classes[n]]] for n in order])
    return folder


def write_event_task(folder: Path, event_clips: dict[str, int] = EVENT_CLIPS) -> Path:
    """Embeddings of frames of clips of a minute with thirty events each."""
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((len(EVENT_CLASSES), SIZE))
    scores = ["event_onset_200ms_fms", "segment_1s_er"]
    _write_metadata(
        folder, "event", EVENT_CLASSES, event_clips, "multilabel", scores, EVENT_SECONDS
    )
    shuffler = random.Random(0)
    for split, count in event_clips.items():
        events = {f"{split}_{number}.wav": _events(rng) for number in range(count)}
        (folder / f"{split}.json").write_text(json.dumps(events))
        clips = list(events)
        shuffler.shuffle(clips)
        stamps = [[f"embeddings/{folder.name}/{split}/{c}", float(t)] for c in clips for t in TIMES]
        (folder / f"{split}.filename-timestamps.json").write_text(json.dumps(stamps))
        active = np.concatenate([_active(events[clip]) for clip in clips])
        rows = active @ directions + 3.0 * rng.standard_normal((len(active), SIZE))
        labels = [[EVENT_CLASSES[c] for c in np.flatnonzero(frame)] for frame in active]
        write_rows(folder, split, rows, labels)
    return folder


def _events(rng: np.random.Generator) -> list[Event]:
    starts = np.sort(rng.uniform(0, 1000 * EVENT_SECONDS - 3000, 30))
    ends = starts + rng.uniform(300, 3000, 30)
    chosen = rng.choice(EVENT_CLASSES, 30).tolist()
    together = zip(chosen, starts.tolist(), ends.tolist(), strict=True)
    return [{"label": label, "start": start, "end": end} for label, start, end in together]


def _active(events: list[Event]) -> NDArray[np.float64]:
    """Which class is active in which frame, shape (frames, classes)."""
    active = np.zeros((len(TIMES), len(EVENT_CLASSES)))
    for event in events:
        within = (event["start"] <= TIMES) & (event["end"] + 0.0001 > TIMES)  # upstream's margin
        active[within, EVENT_CLASSES.index(event["label"])] = 1
    return active


def _write_metadata(
    folder: Path,
    kind: str,
    classes: tuple[str, ...],
    splits: dict[str, int],
    prediction: str,
    scores: list[str],
    seconds: float,
) -> None:
    folder.mkdir(parents=True)
    metadata = {
        "task_name": folder.name.partition("-")[0],
        "version": "v1",
        "mode": "full",
        "embedding_type": kind,
        "prediction_type": prediction,
        "split_mode": "trainvaltest",
        "splits": list(splits),
        "sample_duration": seconds,
        "evaluation": scores,
    }
    (folder / "task_metadata.json").write_text(json.dumps(metadata))
    rows = [f"{index},{label}\n" for index, label in enumerate(classes)]
    (folder / "labelvocabulary.csv").write_text("idx,label\n" + "".join(rows))
