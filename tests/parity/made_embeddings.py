"""Small embedding folders in hear-eval-kit's format, for what the reference runs do not reach.

Nothing of `benchmark` is used: frames are labelled by the protocol's text, one by one.
"""

import json
import pickle
import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

SIZE = 16  # embedding
CLASSES = tuple(f"c{index:02d}" for index in range(12))
EVENT_CLASSES = CLASSES[:5]
PITCHES = tuple(range(30))
HOLDOUT = ("train", "valid", "test")
HOLDOUT_CLIPS = {"train": 1500, "valid": 260, "test": 230}  # two batches of training rows
CLIP_MS = 8000.0


@dataclass(frozen=True)
class MadeTask:
    """What a folder is made from.

    Attributes:
        metadata: Its own entries of task_metadata.json; the rest is common to the kind.
        labels: The vocabulary.
        clips: Number of clips by split, in the metadata's order of splits.
        hop_ms: Between frames; None for a scene task.
        noise: Standard deviation of what is added to the classes' directions.
        absent: A class that only the first split has, so that its AUC is undefined elsewhere.
        size: Of an embedding.
    """

    metadata: dict
    labels: tuple = CLASSES
    clips: dict[str, int] = field(default_factory=lambda: dict(HOLDOUT_CLIPS))
    hop_ms: float | None = None
    noise: float = 1.5
    absent: int | None = None
    size: int = SIZE


def event_parameters(postprocessing: dict | None, **grid: list) -> dict:
    parameters = {"task_specific_param_grid": {"check_val_every_n_epoch": [1], **grid}}
    if postprocessing:
        parameters["event_postprocessing_grid"] = postprocessing
    return {"evaluation_params": parameters}


MADE_TASKS = {
    "scene_holdout-v1-full": MadeTask(
        {"prediction_type": "multiclass", "evaluation": ["top1_acc", "mAP"]}
    ),
    "tags_map-v1-full": MadeTask({"evaluation": ["mAP", "d_prime", "aucroc", "top1_acc"]}),
    "tags_absent-v1-full": MadeTask({"evaluation": ["mAP", "d_prime", "aucroc"]}, absent=3),
    "tags_d_prime-v1-full": MadeTask({"evaluation": ["d_prime", "mAP", "aucroc"]}),
    "tags_aucroc-v1-full": MadeTask({"evaluation": ["aucroc", "mAP", "d_prime"]}),
    # With an undefined score every training stops at its first validation.
    "tags_undefined-v1-full": MadeTask({"evaluation": ["aucroc", "mAP"]}, absent=2),
    "pitch_folds-v1-full": MadeTask(
        {
            "prediction_type": "multiclass",
            "split_mode": "presplit_kfold",
            "evaluation": ["pitch_acc", "chroma_acc"],
        },
        labels=PITCHES,
        clips={"fold02": 700, "fold00": 690, "fold03": 705, "fold01": 680},
    ),
    "event_folds-v1-full": MadeTask(
        {
            "split_mode": "new_split_kfold",
            "sample_duration": None,
            "evaluation": [
                "segment_1s_er",
                "event_onset_50ms_fms",
                "event_onset_offset_50ms_20perc_fms",
            ],
            **event_parameters(
                {"median_filter_ms": [150, 250], "min_duration": [0, 50, 125, 1000]},
                lr=[0.0032, 0.02],
                check_val_every_n_epoch=[2],
            ),
        },
        labels=EVENT_CLASSES,
        clips={"fold00": 6, "fold01": 7, "fold02": 6},
        hop_ms=40.0,
        noise=1.0,
    ),
    "event_by_loss-v1-full": MadeTask(
        {
            "evaluation": ["event_onset_50ms_fms", "segment_1s_er"],
            "use_scoring_for_early_stopping": False,
            **event_parameters({"median_filter_ms": [150], "min_duration": [50]}, lr=[0.02, 0.005]),
        },
        labels=EVENT_CLASSES,
        clips=dict.fromkeys(HOLDOUT, 6),
        hop_ms=37.5,
        noise=1.0,
    ),
    "event_offsets-v1-full": MadeTask(
        {
            "evaluation": [
                "event_onset_offset_50ms_20perc_fms",
                "event_onset_200ms_fms",
                "segment_1s_er",
            ],
            **event_parameters(None, lr=[0.02]),
        },
        labels=EVENT_CLASSES,
        clips=dict.fromkeys(HOLDOUT, 6),
        hop_ms=50.0,
        noise=0.6,
    ),
}


def write_embeddings(name: str, made: MadeTask, root: Path) -> Path:
    """Write a task's folder, which has its name, and return it."""
    folder = root / name
    folder.mkdir(parents=True)
    metadata = {
        "task_name": name.split("-")[0],
        "version": "v1",
        "mode": "full",
        "embedding_type": "scene" if made.hop_ms is None else "event",
        "prediction_type": "multilabel",
        "split_mode": "trainvaltest",
        "splits": list(made.clips),
        "sample_duration": CLIP_MS / 1000,
        **made.metadata,
    }
    (folder / "task_metadata.json").write_text(json.dumps(metadata))
    rows = [f"{index},{label}\n" for index, label in enumerate(made.labels)]
    (folder / "labelvocabulary.csv").write_text("idx,label\n" + "".join(rows))
    rng = np.random.default_rng([*name.encode()])
    directions = rng.standard_normal((len(made.labels), made.size))
    shuffler = random.Random(0)  # upstream's row order
    for split in made.clips:
        write = write_scene_split if made.hop_ms is None else write_event_split
        write(folder, split, made, rng, directions, shuffler)
    return folder


def write_scene_split(folder, split, made, rng, directions, shuffler) -> None:
    labels, rows = {}, {}
    for number in range(made.clips[split]):
        if made.metadata.get("prediction_type") == "multiclass":
            classes = [int(rng.integers(len(made.labels)))]
        else:
            classes = np.flatnonzero(rng.random(len(made.labels)) < 0.15).tolist()
        if split != next(iter(made.clips)):
            classes = [index for index in classes if index != made.absent]
        clip = f"{split}_{number:04d}.wav"
        labels[clip] = [made.labels[index] for index in classes]
        rows[clip] = directions[classes].sum(axis=0) + made.noise * rng.standard_normal(made.size)
    (folder / f"{split}.json").write_text(json.dumps(labels))
    clips = list(labels)
    shuffler.shuffle(clips)
    write_rows(folder, split, np.stack([rows[c] for c in clips]), [labels[c] for c in clips])


def write_event_split(folder, split, made, rng, directions, shuffler) -> None:
    labels = {}
    for number in range(made.clips[split]):
        onset = np.sort(rng.uniform(0, CLIP_MS - 600, 12))
        offset = onset + rng.uniform(50, 1200, 12)  # some end after the clip
        chosen = rng.choice(made.labels, 12).tolist()
        labels[f"{split}_{number}.wav"] = [
            {"label": label, "start": start, "end": end}
            for label, start, end in zip(chosen, onset.tolist(), offset.tolist(), strict=True)
        ]
    (folder / f"{split}.json").write_text(json.dumps(labels))
    clips = list(labels)
    shuffler.shuffle(clips)
    rows, frame_labels, stamps = [], [], []
    for index, clip in enumerate(clips):
        times = np.arange(0, CLIP_MS + 500 * (index % 3), made.hop_ms, dtype=np.float32).tolist()
        for time in times:
            active = {e["label"] for e in labels[clip] if e["start"] <= time < e["end"] + 0.0001}
            frame_labels.append(sorted(active))
            columns = [made.labels.index(label) for label in sorted(active)]
            rows.append(
                directions[columns].sum(axis=0) + made.noise * rng.standard_normal(made.size)
            )
            stamps.append([f"embeddings/{folder.name}/{split}/{clip}", time])
    (folder / f"{split}.filename-timestamps.json").write_text(json.dumps(stamps))
    write_rows(folder, split, np.stack(rows), frame_labels)


def write_rows(folder, split, rows, labels) -> None:
    rows.astype(np.float32).tofile(folder / f"{split}.embeddings.npy")
    (folder / f"{split}.embedding-dimensions.json").write_text(json.dumps(list(rows.shape)))
    (folder / f"{split}.target-labels.pkl").write_bytes(pickle.dumps(labels))
