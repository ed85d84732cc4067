"""Large made-up tasks: tens of thousands of short scenes, hundreds of long clips of events.

Sounds are a tone of the class in noise, so that heads have something to learn. Clips of the scene
task last 0.1 to 1 s, each another time: nothing can be batched, which is the hard case. It has five
folds, so that every clip is predicted.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 16000
FOLDS = {f"fold{index:02d}": 0.2 for index in range(5)}
SPLITS = {"train": 0.6, "valid": 0.2, "test": 0.2}
CLASSES = 10
SHORT_SECONDS = (0.1, 1.0)
EVENT_SECONDS = 3.0  # from one onset to the next
TONE_SECONDS = 1.0
BLOCK_SECONDS = 20.0  # of noise, drawn once for all clips of the event task

Audio = NDArray[np.int16]


def write_short_task(folder: Path, clips: int) -> Path:
    """A multiclass scene task of clips of 0.1 to 1 s."""
    facts = {
        "embedding_type": "scene",
        "prediction_type": "multiclass",
        "split_mode": "new_split_kfold",
        "splits": list(FOLDS),
        "sample_duration": None,
        "evaluation": ["top1_acc"],
    }
    _write_about(folder, facts)
    generator = np.random.default_rng(0)
    for split, files in _files(FOLDS, clips):
        labels = {}
        audio = _audio_folder(folder, split)
        for place, file in enumerate(files):
            samples = round(generator.uniform(*SHORT_SECONDS) * RATE)
            noise = generator.integers(-8000, 8000, samples, np.int16)
            _write(audio / file, noise + _tone(place % CLASSES, samples))
            labels[file] = [_label(place % CLASSES)]
        (folder / f"{split}.json").write_text(json.dumps(labels))
    return folder


def write_long_task(folder: Path, clips: int, seconds: float) -> Path:
    """An event task of clips of one length, with an onset every three seconds.

    Its metadata let heads train for two epochs, validated after each.
    """
    grid = {"max_epochs": [2], "check_val_every_n_epoch": [1]}
    facts = {
        "embedding_type": "event",
        "prediction_type": "multilabel",
        "split_mode": "trainvaltest",
        "splits": list(SPLITS),
        "sample_duration": seconds,
        "evaluation": ["event_onset_200ms_fms", "segment_1s_er"],
        "evaluation_params": {"task_specific_param_grid": grid},
    }
    _write_about(folder, facts)
    generator = np.random.default_rng(0)
    noise = generator.integers(-4000, 4000, round(BLOCK_SECONDS * RATE), np.int16)
    tones = [_tone(index, round(TONE_SECONDS * RATE)) for index in range(CLASSES)]
    for split, files in _files(SPLITS, clips):
        events = {}
        audio = _audio_folder(folder, split)
        for file in files:
            shifted = np.roll(noise, int(generator.integers(len(noise))))
            samples = np.resize(shifted, round(seconds * RATE))
            events[file] = []
            for start in np.arange(0.5, seconds - TONE_SECONDS, EVENT_SECONDS):
                index = int(generator.integers(CLASSES))
                first = round(start * RATE)
                samples[first : first + len(tones[index])] += tones[index]
                ends = {"start": 1000.0 * start, "end": 1000.0 * (start + TONE_SECONDS)}
                events[file].append({"label": _label(index), **ends})
            _write(audio / file, samples)
        (folder / f"{split}.json").write_text(json.dumps(events))
    return folder


def _write_about(folder: Path, facts: dict[str, object]) -> None:
    folder.mkdir(parents=True)
    metadata = {"task_name": folder.name, **facts}
    (folder / "task_metadata.json").write_text(json.dumps(metadata))
    with (folder / "labelvocabulary.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["idx", "label"])
        rows.writerows([index, _label(index)] for index in range(CLASSES))


def _files(shares: dict[str, float], clips: int) -> Iterator[tuple[str, list[str]]]:
    """Each split with the names of its clips."""
    for split, share in shares.items():
        yield split, [f"{split}-{index:06d}.wav" for index in range(round(share * clips))]


def _audio_folder(folder: Path, split: str) -> Path:
    audio = folder / str(RATE) / split
    audio.mkdir(parents=True)
    return audio


def _label(index: int) -> str:
    return f"class{index:02d}"


def _tone(index: int, samples: int) -> Audio:
    hertz = 300.0 * 1.3**index
    return (6000 * np.sin(2 * np.pi * hertz / RATE * np.arange(samples))).astype(np.int16)


def _write(path: Path, samples: Audio) -> None:
    soundfile.write(path, samples, RATE, subtype="PCM_16")
