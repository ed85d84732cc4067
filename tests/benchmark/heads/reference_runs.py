"""Reference runs of hear-eval-kit: its embeddings as splits, and the scores it gave on them.

The embeddings are upstream's raw float32 files; labels come from the split's json in HEAR's row
order, never from upstream's pickles.
"""

import json
import random

import numpy as np

from benchmark.embeddings import Event, EventSplit, SceneSplit
from benchmark.events import frame_targets
from benchmark.tasks.task import read_task


def read_reference_splits(folder):
    task = read_task(folder)
    shuffler = random.Random(0)
    splits = {}
    for name in task.splits:
        labels = json.loads((folder / f"{name}.json").read_text())
        clips = list(labels)
        shuffler.shuffle(clips)
        shape = json.loads((folder / f"{name}.embedding-dimensions.json").read_text())
        raw = np.fromfile(folder / f"{name}.embeddings.npy", dtype=np.float32).reshape(shape)
        build = event_split if task.embedding_type == "event" else scene_split
        splits[name] = build(folder, name, raw, labels, clips, task.vocabulary)
    return task, splits


def scene_split(folder, name, embeddings, labels, clips, vocabulary):
    targets = np.zeros((len(clips), len(vocabulary)), dtype=np.float32)
    for row, clip in enumerate(clips):
        targets[row, [vocabulary.index(str(label)) for label in labels[clip]]] = 1
    return SceneSplit(name, embeddings, targets, tuple(clips))


def event_split(folder, name, embeddings, labels, clips, vocabulary):
    stamps = json.loads((folder / f"{name}.filename-timestamps.json").read_text())
    of_clip = {clip: [] for clip in clips}
    for path, time in stamps:
        of_clip[path.rsplit("/", 1)[-1]].append(time)
    assert [path.rsplit("/", 1)[-1] for path, _ in stamps] == [
        clip for clip in clips for _ in of_clip[clip]
    ]
    events = {
        clip: [Event(str(e["label"]), e["start"], e["end"]) for e in labels[clip]] for clip in clips
    }
    times = {clip: np.array(of_clip[clip], dtype=np.float64) for clip in clips}
    return EventSplit(
        name=name,
        embeddings=embeddings,
        targets=np.concatenate([frame_targets(times[c], events[c], vocabulary) for c in clips]),
        clips=tuple(clips),
        frames_per_clip=np.array([len(times[clip]) for clip in clips], dtype=np.int64),
        timestamps_ms=np.concatenate([times[clip] for clip in clips]),
        events=events,
    )
