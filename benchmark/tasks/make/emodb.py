"""EmoDB: seven emotions in the German speech of ten actors, disjoint between the splits.

Names are those of the data set's page (F. Burkhardt et al., "A database of German emotional
speech", Interspeech 2005; emodb.bilderbar.info): ``wav/03a01Fa.wav`` is speaker 03, text a01, the
emotion's German initial and perhaps a version. There are no official splits; these are SERAB's
(`speaker_splits`). Clips keep their lengths.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from benchmark.tasks.make.own_task import OwnTask, plan_own
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.sources import RawFolder, Sources
from benchmark.tasks.make.speaker_splits import split_by_speaker
from benchmark.tasks.make.splits import Splitting

RAW: Final = RawFolder(
    what="EmoDB",
    has=("wav/03a01Fa.wav",),
    archive="download.zip",
    url="http://emodb.bilderbar.info/download/download.zip",
)
NAME: Final = re.compile(r"(?P<speaker>\d\d)[ab]\d\d(?P<emotion>[WLEAFTN])[a-z]?")
EMOTIONS: Final = {
    "W": "anger",  # Wut
    "L": "boredom",  # Langeweile
    "E": "disgust",  # Ekel
    "A": "fear",  # Angst
    "F": "happiness",  # Freude
    "T": "sadness",  # Trauer
    "N": "neutral",
}
SHARES: Final = (0.6, 0.2, 0.2)
TASK: Final = OwnTask(name="emodb", version="v1.0.0")


def plan(sources: Sources, mode: str) -> TaskPlan:
    """Plan the task.

    Args:
        sources: The archive, or a folder with what is in it.
        mode: "full".

    Raises:
        FileNotFoundError: It is missing.
        ValueError: A file's name is not EmoDB's.
    """
    files = sorted((sources.find(RAW) / "wav").glob("*.wav"))
    return plan_own(TASK, split_by_speaker([_clip(path) for path in files], SHARES), Splitting())


def _clip(path: Path) -> RawClip:
    match = NAME.fullmatch(path.stem)
    if match is None:
        raise ValueError(f"{path} is not named as EmoDB's files are, e.g. 03a01Fa.wav.")
    emotion = EMOTIONS[match["emotion"]]
    return RawClip(source=path, stem=path.stem, labels=(emotion,), group=match["speaker"])
