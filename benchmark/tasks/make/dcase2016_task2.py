"""DCASE 2016 task 2: events in an office, development and public test recordings mixed.

hear-preprocess, hearpreprocess/dcase2016_task2.py: the isolated training sounds are ignored, and
the splits are drawn anew.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final

from benchmark.events.table import Event
from benchmark.tasks.make.event_times import trim_events
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.sources import RawFolder, Sources
from benchmark.tasks.make.splits import SPLITS, draw_train_valid_test

SECONDS: Final = 120.0
PERCENTAGES: Final = {"train": 60, "valid": 20, "test": 20}

URL: Final = "https://archive.org/download"
DEV: Final = RawFolder(
    what="the development set of DCASE 2016 task 2",
    has=("annotation", "sound"),
    named="dcase2016_task2_dev",
    archive="dcase2016_task2_train_dev.zip",
    url=f"{URL}/dcase2016_task2_train_dev/dcase2016_task2_train_dev.zip",
)
EVAL: Final = RawFolder(
    what="the public test set of DCASE 2016 task 2",
    has=("annotation", "sound"),
    named="dcase2016_task2_test_public",
    archive="dcase2016_task2_test_public.zip",
    url=f"{URL}/dcase2016_task2_test_public/dcase2016_task2_test_public.zip",
)
# 72 recordings in all (hearbenchmark.com), of which 20 % are 14.
CLIPS: Final = {"full": {"train": 44, "valid": 14, "test": 14}}


def plan(sources: Sources, mode: str) -> TaskPlan:
    """Plan the task.

    Args:
        sources: The two archives, or folders with what is in them.
        mode: "full", or "small" for HEAR's downsampled raw data.

    Raises:
        FileNotFoundError: One of the two is missing.
        ValueError: An annotation is not in the challenge's format, or the sets are too small.
    """
    annotations = [
        path
        for raw in (EVAL, DEV)
        for path in sorted((sources.find(raw) / "annotation").glob("*.txt"))
    ]
    if mode == "small":
        annotations = [path for path in annotations if _sound(path).is_file()]
    # "small" has no shares of its own there, so the pipeline's defaults.
    shares = {"train": 80, "valid": 10, "test": 10} if mode == "small" else PERCENTAGES
    splits = draw_train_valid_test((path.stem for path in annotations), shares)
    clips = tuple(
        RawClip(
            source=_sound(path),
            stem=path.stem,
            split=splits[path.stem],
            events=trim_events(read_annotation(path), SECONDS),
        )
        for path in annotations
    )
    return TaskPlan(metadata=_metadata(mode), clips=clips, expected_clips=CLIPS.get(mode))


def _metadata(mode: str) -> dict[str, Any]:
    shares = {} if mode == "small" else {"split_percentage": PERCENTAGES}
    return {
        "task_name": "dcase2016_task2",
        "version": "hear2021",
        "embedding_type": "event",
        "prediction_type": "multilabel",
        "split_mode": "trainvaltest",
        "sample_duration": SECONDS,
        "evaluation": ["event_onset_200ms_fms", "segment_1s_er"],
        "default_mode": "full",
        **shares,
        "max_task_duration_by_split": dict.fromkeys(SPLITS),
        "mode": mode,
        "splits": list(SPLITS),
    }


def _sound(annotation: Path) -> Path:
    return annotation.parent.parent / "sound" / f"{annotation.stem}.wav"


def read_annotation(path: Path) -> tuple[Event, ...]:
    """Read onset, offset (in seconds) and label, with tabs between, of each event.

    Raises:
        ValueError: A line is something else.
    """
    events = []
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    for number, row in enumerate(csv.reader(lines, delimiter="\t"), 1):
        if not row:
            continue
        try:
            onset, offset, label = float(row[0]), float(row[1]), row[2]
        except (IndexError, ValueError):
            raise ValueError(
                f"{path}, line {number}: expected onset, offset (seconds) and label with tabs "
                f"between, but found {row!r}."
            ) from None
        events.append(Event(label, onset * 1000, offset * 1000))
    return tuple(events)
