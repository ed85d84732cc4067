"""Clean tasks made by code, and one way to break them for each kind of finding."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.benchmark.tasks.made_task import RATE, SPLITS, make_task, write_json

CLIPS = 8
SECONDS = 0.5


def noise(seed: int, seconds: float = SECONDS) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.3, 0.3, round(seconds * RATE))


def clip(folder: Path, split: str, index: int, suffix: str = "wav") -> Path:
    return folder / str(RATE) / split / f"{split}{index}.{suffix}"


def clean_scene_task(folder: Path, suffix: str = "wav", **metadata: Any) -> Path:
    labels = {
        s: {f"{s}{i}.{suffix}": [("cat", "dog")[i % 2]] for i in range(CLIPS)} for s in SPLITS
    }
    return with_noise(make_task(folder, labels, **{"evaluation": ["top1_acc", "mAP"]} | metadata))


def clean_event_task(folder: Path) -> Path:
    events = [
        {"label": "cat", "start": 10.0, "end": 140.5},
        {"label": "dog", "start": 300, "end": 500.0},
    ]
    labels = {s: {f"{s}{i}.wav": events for i in range(CLIPS)} for s in SPLITS}
    kind = {"embedding_type": "event", "prediction_type": "multilabel"}
    return with_noise(make_task(folder, labels, evaluation=["event_onset_200ms_fms"], **kind))


def with_noise(folder: Path) -> Path:
    """Every clip another noise, for tones would all be the same audio."""
    for seed, path in enumerate(sorted((folder / str(RATE)).glob("*/*"))):
        soundfile.write(path, noise(seed), RATE)
    return folder


def change(folder: Path, file: str, update: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads((folder / file).read_text())
    update(content)
    write_json(folder / file, content)


def label(folder: Path, split: str, index: int, labels: Any) -> None:
    change(folder, f"{split}.json", lambda own: own.update({f"{split}{index}.wav": labels}))


def write(path: Path, audio: np.ndarray, rate: int = RATE, subtype: str = "PCM_16") -> None:
    soundfile.write(path, audio, rate, subtype=subtype)


def cut(path: Path, share: float = 0.6) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


def stereo(folder: Path) -> None:
    write(clip(folder, "train", 0), np.stack([noise(90), noise(91)], axis=1))


def not_finite(folder: Path) -> None:
    audio = noise(92)
    audio[100:103] = np.nan
    write(clip(folder, "train", 1), audio, subtype="FLOAT")


def out_of_range(folder: Path) -> None:
    write(clip(folder, "valid", 6), 32767 * noise(98), subtype="FLOAT")


def clipped(folder: Path) -> None:
    write(clip(folder, "train", 4), np.clip(8 * noise(93), -1, 1))


def silent(folder: Path) -> None:
    write(clip(folder, "train", 5), np.zeros(round(SECONDS * RATE)))


def repeated_key(folder: Path) -> None:
    path = folder / "train.json"
    path.write_text(path.read_text().replace("{", '{"train0.wav": ["dog"],', 1))


def only(folder: Path, split: str, index: int, name: str) -> None:
    add_label(folder, name)
    label(folder, split, index, [name])


def add_label(folder: Path, name: str) -> None:
    path = folder / "labelvocabulary.csv"
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows, f"{len(rows) - 1},{name}"]) + "\n")


def low_rate(folder: Path) -> None:
    for path in sorted((folder / str(RATE)).glob("*/*.wav")):
        low = folder / "8000" / path.parent.name / path.name
        low.parent.mkdir(parents=True, exist_ok=True)
        write(low, soundfile.read(path)[0][::2], 8000)


def copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


# What each does beside its own finding must be nothing: they are also applied all at once.
SCENE_FAULTS: dict[str, Callable[[Path], object]] = {
    "stereo": stereo,
    "not-finite": not_finite,
    "out-of-range": out_of_range,
    "wrong-rate": lambda f: write(clip(f, "train", 2), noise(94, 1.0), 8000),
    "wrong-duration": lambda f: write(clip(f, "train", 3), noise(95, 0.4)),
    "clipped": clipped,
    "silent": silent,
    "dc-offset": lambda f: write(clip(f, "train", 6), noise(96) + 0.2),
    "truncated-audio": lambda f: cut(clip(f, "train", 7)),
    "missing-audio": lambda f: clip(f, "valid", 0).unlink(),
    "unreadable-audio": lambda f: clip(f, "valid", 1).write_bytes(b"no sound at all" * 100),
    "unlisted-audio": lambda f: write(f / f"{RATE}/valid/stray.wav", noise(97)),
    "unknown-label": lambda f: label(f, "valid", 2, ["cow"]),
    "label-entry": lambda f: label(f, "valid", 3, ["cat", "dog"]),
    "shared-audio": lambda f: copy(clip(f, "valid", 4), clip(f, "test", 4)),
    "repeated-audio": lambda f: copy(clip(f, "valid", 5), clip(f, "valid", 7)),
    "contradiction": lambda f: copy(clip(f, "test", 0), clip(f, "test", 1)),
    "untrained-label": lambda f: only(f, "test", 2, "tested"),
    "untested-label": lambda f: only(f, "train", 6, "trained"),
    "repeated-key": repeated_key,
    "unlisted-split": lambda f: write_json(f / "extra.json", {"a.wav": ["cat"]}),
    "unused-label": lambda f: add_label(f, "nowhere"),
    "vocabulary": lambda f: (f / "labelvocabulary.csv").open("a").write("next,bird\n"),
    "metadata": lambda f: change(f, "task_metadata.json", lambda m: m.update(task_name="")),
}

EVENT_FAULTS: dict[str, Callable[[Path], object]] = {
    "event-entry": lambda f: label(f, "train", 0, [{"label": "cat", "start": 9, "end": 8.5}]),
    "event-outside": lambda f: label(f, "train", 1, [{"label": "cat", "start": 600, "end": 760}]),
    "event-partly-outside": lambda f: label(
        f, "train", 2, [{"label": "cat", "start": 300, "end": 502}]
    ),
    "zero-length-event": lambda f: label(f, "train", 3, [{"label": "dog", "start": 9, "end": 9}]),
    "unknown-label": lambda f: label(f, "train", 4, [{"label": "cow", "start": 0, "end": 190}]),
    "short-event": lambda f: label(f, "train", 5, [{"label": "cat", "start": 0, "end": 50}]),
    "overlapping-events": lambda f: label(
        f,
        "train",
        6,
        [{"label": "cat", "start": 9, "end": 190}, {"label": "cat", "start": 50, "end": 230}],
    ),
    "event-in-seconds": lambda f: seconds(f, "valid"),
}


def seconds(folder: Path, split: str) -> None:
    def divide(own: dict[str, Any]) -> None:
        for events in own.values():
            for event in events:
                event.update(start=event["start"] / 1000, end=event["end"] / 1000)

    change(folder, f"{split}.json", divide)
