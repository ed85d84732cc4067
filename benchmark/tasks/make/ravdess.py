"""RAVDESS: eight emotions in the speech of 24 actors, who are disjoint between the splits.

Layout and names are those of the data set's page (S. Livingstone and F. Russo, PLoS ONE 2018;
zenodo.org/record/1188976): ``Actor_01`` to ``Actor_24`` with files such as
``03-01-06-01-02-01-12.wav``: modality (03: audio), channel (01: speech), emotion, intensity,
statement, repetition, actor. There are no official splits; these are SERAB's (`speaker_splits`).
Clips keep their lengths.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmark.tasks.make.own_task import OwnTask, plan_own
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.sources import RawFolder, Sources
from benchmark.tasks.make.speaker_splits import split_by_speaker
from benchmark.tasks.make.splits import Splitting

RAW: Final = RawFolder(
    what="RAVDESS' speech",
    has=("Actor_01", "Actor_24"),
    archive="Audio_Speech_Actors_01-24.zip",
    url="https://zenodo.org/record/1188976/files/Audio_Speech_Actors_01-24.zip",
)
NAME: Final = re.compile(r"03-01-(?P<emotion>0[1-8])-\d\d-\d\d-\d\d-(?P<actor>\d\d)")
EMOTIONS: Final = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgust",
    "08": "surprised",
}
SHARES: Final = (0.6, 0.2, 0.2)
CLIPS: Final = {"train": 840, "valid": 300, "test": 300}  # 60 of each of 14, 5 and 5 actors
TASK: Final = OwnTask(name="ravdess", version="v1.0.0")


def plan(sources: Sources, mode: str) -> TaskPlan:
    """Plan the task.

    Args:
        sources: The archive of speech, or a folder with what is in it.
        mode: "full".

    Raises:
        FileNotFoundError: It is missing.
        ValueError: A file's name is not RAVDESS'.
    """
    files = sorted(sources.find(RAW).glob("Actor_*/*.wav"))
    clips = split_by_speaker([_clip(path) for path in files], SHARES)
    return replace(plan_own(TASK, clips, Splitting()), expected_clips=CLIPS)


def _clip(path: Path) -> RawClip:
    match = NAME.fullmatch(path.stem)
    if match is None:
        raise ValueError(
            f"{path} is not named as RAVDESS' speech is, e.g. 03-01-06-01-02-01-12.wav."
        )
    emotion = EMOTIONS[match["emotion"]]
    return RawClip(source=path, stem=path.stem, labels=(emotion,), group=match["actor"])
