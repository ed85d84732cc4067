"""CommonLanguage: which of 45 languages is spoken, in the data set's own splits.

The archive of zenodo.org/record/5036977 (G. Sinisetty et al., 2021) has
``common_voice_kpd/{language}/{train,dev,test}/{speaker}/*.wav``, which is how SpeechBrain's recipe
(recipes/CommonLanguage) reads it. Labels are the folders' names, with the data set's own spellings
("Mangolian"). Clips keep their lengths, up to 106 s.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmark.tasks.make.names import unique_stems
from benchmark.tasks.make.own_task import OwnTask, plan_own
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.sources import RawFolder, Sources
from benchmark.tasks.make.splits import Splitting

FOLDERS: Final = {"train": "train", "dev": "valid", "test": "test"}
RAW: Final = RawFolder(
    what="CommonLanguage",
    has=("English/train", "English/dev", "English/test", "Welsh/train"),
    archive="CommonLanguage.tar.gz",
    url="https://zenodo.org/record/5036977/files/CommonLanguage.tar.gz",
)
# huggingface.co/datasets/common_language; the sums of hours and mean lengths agree, unlike the
# eightfold numbers of utterances on SpeechBrain's page.
CLIPS: Final = {"train": 22194, "valid": 5888, "test": 5963}
TASK: Final = OwnTask(name="common_language", version="v0.1")


def plan(sources: Sources, mode: str) -> TaskPlan:
    """Plan the task.

    Args:
        sources: The archive, or a folder with what is in it.
        mode: "full".

    Raises:
        FileNotFoundError: It is missing.
    """
    folder = sources.find(RAW)
    files = sorted(
        path
        for language in folder.iterdir()
        if all((language / name).is_dir() for name in FOLDERS)
        for name in FOLDERS
        for path in (language / name).glob("*/*.wav")
    )
    clips = [
        _clip(path, stem) for path, stem in zip(files, unique_stems(files, folder), strict=True)
    ]
    return replace(plan_own(TASK, clips, Splitting()), expected_clips=CLIPS)


def _clip(path: Path, stem: str) -> RawClip:
    language, split, speaker = path.parts[-4:-1]
    return RawClip(
        source=path,
        stem=stem,
        split=FOLDERS[split],
        labels=(language,),
        group=f"{language}/{speaker}",
    )
