"""A small task in HEAR's format, to be made in a temporary folder and broken one way at a time."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

RATE = 16000
SPLITS = ("train", "valid", "test")


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1))


def tone(seconds: float, rate: int = RATE, frequency: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def make_task(
    folder: Path,
    labels: dict[str, dict[str, Any]],
    vocabulary: tuple[str, ...] = ("cat", "dog"),
    rate: int = RATE,
    seconds: float = 0.5,
    **metadata: Any,
) -> Path:
    """Write a task whose splits are the keys of ``labels``, with a tone for every clip."""
    folder.mkdir(parents=True)
    content = {
        "task_name": "made",
        "embedding_type": "scene",
        "prediction_type": "multiclass",
        "split_mode": "trainvaltest",
        "splits": list(labels),
        "sample_duration": seconds,
        "evaluation": ["top1_acc"],
    }
    write_json(folder / "task_metadata.json", content | metadata)
    rows = "".join(f"{index},{label}\r\n" for index, label in enumerate(vocabulary))
    (folder / "labelvocabulary.csv").write_text("idx,label\r\n" + rows)
    for split, clips in labels.items():
        write_json(folder / f"{split}.json", clips)
        (folder / str(rate) / split).mkdir(parents=True)
        for file in clips:
            soundfile.write(folder / str(rate) / split / file, tone(seconds, rate), rate)
    return folder


def scene_task(folder: Path, **metadata: Any) -> Path:
    labels = {s: {f"{s}-{i}.wav": [("cat", "dog")[i % 2]] for i in range(3)} for s in SPLITS}
    return make_task(folder, labels, **metadata)


def event_task(folder: Path, **metadata: Any) -> Path:
    events = [
        {"label": "dog", "start": 300.0, "end": 350.5},
        {"label": "cat", "start": 10, "end": 10},
    ]
    labels = {s: {f"{s}.wav": events} for s in SPLITS}
    return make_task(
        folder,
        labels,
        **{
            "embedding_type": "event",
            "prediction_type": "multilabel",
            "evaluation": ["event_onset_200ms_fms", "segment_1s_er"],
        }
        | metadata,
    )
