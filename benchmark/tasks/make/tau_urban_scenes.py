"""TAU Urban Acoustic Scenes 2020 Mobile: ten scenes, nine devices, the official train and test.

Layout as in soundata's loader (soundata/datasets/tau2020uas_mobile.py) and on
zenodo.org/record/3819968: ``meta.csv`` (tabs; file, scene, identifier of the location, device),
``evaluation_setup/fold1_train.csv`` and ``fold1_evaluate.csv``, ``audio/*.wav`` in 16 archives.
Training and test are the challenge's (DCASE 2020 task 1A). It has no validation set: a ninth of
training is drawn for it, by label, and with whole locations, as recordings of several devices and
positions at one place are much alike.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmark.tasks.make.audio_index import AudioIndex
from benchmark.tasks.make.own_task import OwnTask, plan_own
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.sources import RawFolder, Sources
from benchmark.tasks.make.splits import Splitting

NAME: Final = "TAU-urban-acoustic-scenes-2020-mobile-development"
META: Final = "meta.csv"
LISTS: Final = {
    "train": "evaluation_setup/fold1_train.csv",
    "test": "evaluation_setup/fold1_evaluate.csv",
}
RAW: Final = RawFolder(
    what="the tables of TAU Urban Acoustic Scenes 2020 Mobile",
    has=(META, *LISTS.values()),
    archive=f"{NAME}.meta.zip",
    url=f"https://zenodo.org/record/3819968 ({NAME}.meta.zip and its 16 files {NAME}.audio.*.zip)",
)
AUDIO: Final = f"{NAME}.audio.*.zip"
TASK: Final = OwnTask(name="tau_urban_scenes", version="2020-mobile", seconds=10.0)


def plan(sources: Sources, mode: str) -> TaskPlan:
    """Plan the task.

    Args:
        sources: The archives of tables and audio, folders with them, or what is in them.
        mode: "full".

    Raises:
        FileNotFoundError: The tables are missing.
        ValueError: A table is not the data set's.
    """
    folder = sources.find(RAW)
    facts = {name: (scene, place) for name, scene, place, _ in _rows(folder / META, 4)}
    audio = AudioIndex([folder, *sources.with_archives(AUDIO)])
    clips = []
    for split, table in LISTS.items():
        for name, *_ in _rows(folder / table, 1):
            if name not in facts:
                raise ValueError(f"{folder / table} lists {name}, which {META} does not.")
            scene, place = facts[name]
            clips.append(
                RawClip(
                    source=audio.find(name),
                    stem=Path(name).stem,
                    split=split,
                    labels=(scene,),
                    group=place,
                    listed=f"{folder / table} lists it",
                )
            )
    return plan_own(TASK, clips, Splitting())


def _rows(path: Path, columns: int) -> Iterator[list[str]]:
    """The rows below the header; columns count by their places, as in soundata's loader."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()[1:]
    for number, row in enumerate(csv.reader(lines, delimiter="\t"), 2):
        if row and len(row) < columns:
            raise ValueError(f"{path}, line {number}: expected {columns} columns, tabs between.")
        if row:
            yield row
