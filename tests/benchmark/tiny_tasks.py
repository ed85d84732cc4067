"""Tiny tasks in HEAR's format, whose classes differ in loudness, as the fake modules can hear."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

RATE = 16000
LOUDNESS = {"loud": 0.5, "quiet": 0.1}


def write_scene_task(tasks_dir: Path, name: str = "tiny", clips: int = 6, **metadata: Any) -> Path:
    """A two-class scene task of 0.1 s noises, trainvaltest unless ``metadata`` says otherwise."""
    facts = {
        "task_name": name,
        "embedding_type": "scene",
        "prediction_type": "multiclass",
        "split_mode": "trainvaltest",
        "splits": ["train", "valid", "test"],
        "sample_duration": 0.1,
        "evaluation": ["top1_acc", "mAP"],
        **metadata,
    }
    folder = _write_task(tasks_dir / f"{name}-v1-full", facts, sorted(LOUDNESS))
    generator = np.random.default_rng(0)
    for split in facts["splits"]:
        labels = {}
        for index in range(clips):
            label = sorted(LOUDNESS)[index % 2]
            noise = LOUDNESS[label] * generator.uniform(-1, 1, RATE // 10)
            labels[f"{split}{index}.wav"] = [label]
            _write_clip(folder, split, f"{split}{index}.wav", noise)
        (folder / f"{split}.json").write_text(json.dumps(labels))
    return folder


def write_event_task(tasks_dir: Path, name: str = "tinyevents", clips: int = 2) -> Path:
    """Noise that is loud from 0.5 to 1.5 s of 2 to 3 s; clips of different lengths."""
    facts = {
        "task_name": name,
        "embedding_type": "event",
        "prediction_type": "multilabel",
        "split_mode": "trainvaltest",
        "splits": ["train", "valid", "test"],
        "sample_duration": None,
        "evaluation": ["event_onset_200ms_fms", "segment_1s_er"],
    }
    folder = _write_task(tasks_dir / f"{name}-v1-full", facts, ["loud"])
    generator = np.random.default_rng(0)
    for split in facts["splits"]:
        events = {}
        for index in range(clips):
            noise = 0.01 * generator.uniform(-1, 1, (2 + index % 2) * RATE)
            noise[RATE // 2 : 3 * RATE // 2] *= 50
            events[f"{split}{index}.wav"] = [{"label": "loud", "start": 500.0, "end": 1500.0}]
            _write_clip(folder, split, f"{split}{index}.wav", noise)
        (folder / f"{split}.json").write_text(json.dumps(events))
    return folder


def _write_task(folder: Path, facts: dict[str, Any], vocabulary: list[str]) -> Path:
    folder.mkdir(parents=True)
    (folder / "task_metadata.json").write_text(json.dumps(facts))
    rows = [f"{index},{label}" for index, label in enumerate(vocabulary)]
    (folder / "labelvocabulary.csv").write_text("\n".join(["idx,label", *rows]) + "\n")
    return folder


def _write_clip(folder: Path, split: str, file: str, audio: np.ndarray) -> None:
    path = folder / str(RATE) / split / file
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio, RATE, subtype="PCM_16")
