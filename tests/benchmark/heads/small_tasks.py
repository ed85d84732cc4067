"""Small tasks and embeddings on which heads can be trained in a blink."""

from pathlib import Path

import numpy as np

from benchmark.embeddings.splits import EventSplit, SceneSplit
from benchmark.events import frame_targets
from benchmark.events.table import Event
from benchmark.tasks.task import Task

HOP_MS = 50.0


def make_task(**changes):
    """A multiclass scene task of three classes, but for what ``changes`` say."""
    task = {
        "folder": Path("nowhere"),
        "name": "animals",
        "full_name": "animals-v1-full",
        "embedding_type": "scene",
        "prediction_type": "multiclass",
        "split_mode": "trainvaltest",
        "splits": ("train", "valid", "test"),
        "sample_duration": 1.0,
        "evaluation": ("top1_acc", "mAP"),
        "vocabulary": ("bark", "meow", "moo"),
        "param_grid": {},
    }
    return Task(**{**task, **changes})


def make_event_task(**changes):
    event = {
        "embedding_type": "event",
        "prediction_type": "multilabel",
        "evaluation": ("event_onset_200ms_fms", "segment_1s_er"),
        "vocabulary": ("bark", "meow"),
        "param_grid": {"lr": [0.05], "check_val_every_n_epoch": [2]},
    }
    return make_task(**{**event, **changes})


def scene_split(task, name, clips=60, size=8, seed=0):
    """Class means plus noise: a head can learn it, though not perfectly."""
    rng = np.random.default_rng([seed, *name.encode()])
    classes = rng.integers(0, len(task.vocabulary), clips)
    means = np.random.default_rng(7).standard_normal((len(task.vocabulary), size))
    embeddings = means[classes] + rng.standard_normal((clips, size))
    targets = np.eye(len(task.vocabulary))[classes]
    names = tuple(f"{name}{i}.wav" for i in range(clips))
    return SceneSplit(name, embeddings.astype(np.float32), targets.astype(np.float32), names)


def event_split(task, name, clips=4, frames=60, size=8):
    """Frames whose embeddings say, with noise, which classes sound."""
    rng = np.random.default_rng([*name.encode()])
    times = HOP_MS * np.arange(frames)
    names = tuple(f"{name}{i}.wav" for i in range(clips))
    events = {}
    for clip in names:
        onset = rng.uniform(0, times[-1] - 800, 3)
        labels = rng.choice(task.vocabulary, 3)
        events[clip] = [
            Event(str(label), float(on), float(on + 700))
            for on, label in zip(onset, labels, strict=True)
        ]
    targets = np.concatenate([frame_targets(times, events[c], task.vocabulary) for c in names])
    mixing = np.random.default_rng(7).standard_normal((len(task.vocabulary), size))
    noise = 0.3 * rng.standard_normal((len(targets), size))
    return EventSplit(
        name=name,
        embeddings=(targets @ mixing + noise).astype(np.float32),
        targets=targets,
        clips=names,
        frames_per_clip=np.full(clips, frames),
        timestamps_ms=np.tile(times, clips),
        events=events,
    )


def scene_splits(task, **arguments):
    return {name: scene_split(task, name, **arguments) for name in task.splits}


def event_splits(task, **arguments):
    return {name: event_split(task, name, **arguments) for name in task.splits}
