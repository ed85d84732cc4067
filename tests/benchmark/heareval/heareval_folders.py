"""Embedding folders as hear-eval-kit writes them, small, made file by file without our writer."""

import json
import pickle
import random

import numpy as np

SIZE = 4
HOP_MS = 50.0
SPLITS = ("train", "valid", "test")


def write_scene_folder(folder, clips=8, labels=(3, 7), **metadata):
    """A scene task whose labels are whole numbers, as upstream's are where a corpus has them."""
    facts = {"embedding_type": "scene", "prediction_type": "multiclass", **metadata}
    facts.setdefault("evaluation", ["top1_acc", "mAP"])
    _write_task(folder, facts, labels)
    shuffler = random.Random(0)
    for split in SPLITS:
        of_clip = {f"{split}{i}.wav": [labels[i % len(labels)]] for i in range(clips)}
        (folder / f"{split}.json").write_text(json.dumps(of_clip, indent=True))
        names = list(of_clip)
        shuffler.shuffle(names)
        rows = [of_clip[name] for name in names]
        _write_rows(folder, split, rows)
    return folder


def write_event_folder(folder, clips=3, frames=40):
    """An event task of two classes with an event of each in every clip."""
    facts = {"embedding_type": "event", "prediction_type": "multilabel"}
    facts["evaluation"] = ["event_onset_200ms_fms", "segment_1s_er"]
    _write_task(folder, facts, ("bark", "meow"))
    shuffler = random.Random(0)
    for split in SPLITS:
        events = {
            f"{split}{i}.wav": [
                {"label": "bark", "start": 100.0, "end": 610.5},
                {"label": "meow", "start": 510.0, "end": 1020.0},
            ]
            for i in range(clips)
        }
        (folder / f"{split}.json").write_text(json.dumps(events, indent=True))
        names = list(events)
        shuffler.shuffle(names)
        stamps = [
            [f"emb/model/{folder.name}/{split}/{name}", HOP_MS * frame]
            for name in names
            for frame in range(frames)
        ]
        path = folder / f"{split}.filename-timestamps.json"
        path.write_text(json.dumps(stamps, indent=4))
        rows = [
            [event["label"] for event in events[name] if event["start"] <= t <= event["end"]]
            for name in names
            for t in HOP_MS * np.arange(frames)
        ]
        _write_rows(folder, split, rows)
    return folder


def _write_task(folder, facts, vocabulary):
    folder.mkdir(parents=True)
    facts = {
        "task_name": "made",
        "split_mode": "trainvaltest",
        "splits": list(SPLITS),
        "sample_duration": 2.0,
        **facts,
    }
    (folder / "task_metadata.json").write_text(json.dumps(facts))
    rows = [f"{index},{label}" for index, label in enumerate(vocabulary)]
    (folder / "labelvocabulary.csv").write_text("\n".join(["idx,label", *rows]) + "\n")


def _write_rows(folder, split, rows):
    """Embeddings that tell the labels, with noise, and the labels."""
    names = sorted({str(label) for row in rows for label in row})
    rng = np.random.default_rng([*split.encode()])
    embeddings = rng.standard_normal((len(rows), SIZE))
    for index, row in enumerate(rows):
        for label in row:
            embeddings[index, names.index(str(label))] += 2
    embeddings.astype("<f4").tofile(folder / f"{split}.embeddings.npy")
    (folder / f"{split}.embedding-dimensions.json").write_text(json.dumps((len(rows), SIZE)))
    with (folder / f"{split}.target-labels.pkl").open("wb") as file:
        pickle.dump(rows, file)
