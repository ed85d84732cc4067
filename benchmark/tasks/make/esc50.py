"""ESC-50: fifty kinds of environmental sound in the data set's own five folds.

hear-preprocess, hearpreprocess/secrettasks/hearsecrettasks/esc50.py.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final

from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.sources import RawFolder, Sources

FOLDS: Final = tuple(f"fold{index:02d}" for index in range(5))
TABLE: Final = "meta/esc50.csv"
COLUMNS: Final = ("filename", "fold", "category")
RAW: Final = RawFolder(
    what="ESC-50",
    has=(TABLE, "audio"),
    archive="master.zip",
    url="https://github.com/karoldvl/ESC-50/archive/master.zip",
)
CLIPS: Final = {"full": dict.fromkeys(FOLDS, 400)}
SECONDS: Final = {"full": 5, "small": 2}


def plan(sources: Sources, mode: str) -> TaskPlan:
    """Plan the task.

    Args:
        sources: The repository's archive, or a folder with what is in it.
        mode: "full", or "small" for HEAR's downsampled raw data.

    Raises:
        FileNotFoundError: It is missing.
        ValueError: Its table is not ESC-50's.
    """
    clips = _clips(sources.find(RAW))
    if mode == "small":
        clips = [clip for clip in clips if clip.source.is_file()]
    return TaskPlan(
        metadata=_metadata(mode),
        clips=tuple(clips),
        every_label_everywhere=mode != "small",
        expected_clips=CLIPS.get(mode),
    )


def _metadata(mode: str) -> dict[str, Any]:
    return {
        "task_name": "esc50",
        "version": "v2.0.0",
        "embedding_type": "scene",
        "prediction_type": "multiclass",
        "sample_duration": SECONDS[mode],
        "split_mode": "presplit_kfold",
        "nfolds": len(FOLDS),
        "evaluation": ["top1_acc", "mAP", "d_prime", "aucroc"],
        "default_mode": "full",
        "max_task_duration_by_fold": None,
        "mode": mode,
        "splits": list(FOLDS),
    }


def _clips(folder: Path) -> list[RawClip]:
    """Clips in the table's order; fold 1 is "fold00"."""
    path = folder / TABLE
    table = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
    if not set(COLUMNS) <= set(table.fieldnames or ()):
        raise ValueError(f"{path} must have the columns {', '.join(COLUMNS)}.")
    clips = []
    for row in table:
        if row["fold"] not in ("1", "2", "3", "4", "5"):
            raise ValueError(f"{path}: {row['filename']} is in fold {row['fold']!r}, not 1 to 5.")
        clips.append(
            RawClip(
                source=folder / "audio" / row["filename"],
                stem=Path(row["filename"]).stem,
                split=FOLDS[int(row["fold"]) - 1],
                labels=(row["category"],),
            )
        )
    return clips
