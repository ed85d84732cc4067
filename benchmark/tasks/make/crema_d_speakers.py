"""CREMA-D: six emotions in the speech of 91 actors, who are disjoint between the splits.

HEAR's task ``tfds_crema_d`` draws five folds anew by file, so that a speaker is in several. This
one has the splits of TensorFlow Datasets (audio/crema_d.py, version 1.0.0), which are by speaker:
63 actors, 9 and 19. As there, clips are those of ``processedResults/summaryTable.csv`` less four
whose files do not exist, and labels are the codes in the names: ``AudioWAV/1001_DFA_ANG_XX.wav``.
Clips are padded to 5 s, as in HEAR's task.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmark.tasks.make.own_task import OwnTask, plan_own
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.sources import RawFolder, Sources
from benchmark.tasks.make.speaker_splits import split_by_speaker
from benchmark.tasks.make.splits import Splitting

TABLE: Final = "processedResults/summaryTable.csv"
RAW: Final = RawFolder(
    what="CREMA-D",
    has=("AudioWAV", TABLE),
    archive="CREMA-D-master.zip",
    url="https://github.com/CheyneyComputerScience/CREMA-D (a clone with Git LFS, as the zip file "
    "has no audio)",
)
ABSENT: Final = {"1040_ITH_SAD_XX", "1006_TIE_NEU_XX", "1013_WSI_DIS_XX", "1017_IWW_FEA_XX"}
NAME: Final = re.compile(r"(?P<actor>\d{4})_[A-Z]{3}_(?P<emotion>NEU|HAP|SAD|ANG|FEA|DIS)_[A-Z]+")
SHARES: Final = (0.7, 0.1, 0.2)
# tensorflow.org/datasets/catalog/crema_d
CLIPS: Final = {"train": 5144, "valid": 738, "test": 1556}
TASK: Final = OwnTask(name="crema_d_speakers", version="v1.0.0", seconds=5.0)


def plan(sources: Sources, mode: str) -> TaskPlan:
    """Plan the task.

    Args:
        sources: A clone of the repository.
        mode: "full".

    Raises:
        FileNotFoundError: It is missing.
        ValueError: Its table is not CREMA-D's.
    """
    folder = sources.find(RAW)
    clips = split_by_speaker(list(_clips(folder)), SHARES)
    return replace(plan_own(TASK, clips, Splitting()), expected_clips=CLIPS)


def _clips(folder: Path) -> Iterator[RawClip]:
    path = folder / TABLE
    table = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
    if "FileName" not in (table.fieldnames or ()):
        raise ValueError(f"{path} must have the column FileName.")
    for row in table:
        name = row["FileName"]
        if not name or name in ABSENT:
            continue
        match = NAME.fullmatch(name)
        if match is None:
            raise ValueError(
                f"{path}, line {table.line_num}: {name!r} is not a name such as 1001_DFA_ANG_XX."
            )
        yield RawClip(
            source=folder / "AudioWAV" / f"{name}.wav",
            stem=name,
            labels=(match["emotion"],),
            group=match["actor"],
            listed=f"{path}, line {table.line_num} lists it",
        )
