"""DESED: ten kinds of events at home; training on synthetic soundscapes, test on real recordings.

Training and validation are the strongly labelled synthetic soundscapes of DCASE 2021 and 2022
task 4 (``dcase_synth.zip`` of zenodo.org/record/6026841), test is DESED's public evaluation set
(zenodo.org/record/3588172; N. Turpault et al., DCASE 2019 workshop). Every recording lasts 10 s.
Both have tables with tabs: filename, onset and offset in seconds, event_label. The challenge's
weakly labelled and unlabelled training clips are from YouTube and in no archive, so they are left
out: scores are not the challenge's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from benchmark.tasks.make.event_times import trim_events
from benchmark.tasks.make.own_task import OwnTask, plan_own
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.sources import RawFolder, Sources
from benchmark.tasks.make.splits import Splitting
from benchmark.tasks.make.tables import event_clips

COLUMNS: Final = {"file": "filename", "label": "event_label"}
SYNTHETIC: Final = {
    split: (
        f"metadata/{name}/synthetic21_{name}/soundscapes.tsv",
        f"audio/{name}/synthetic21_{name}/soundscapes",
    )
    for split, name in (("train", "train"), ("valid", "validation"))
}
PUBLIC: Final = ("metadata/eval/public.tsv", "audio/eval/public")
SYNTHETIC_RAW: Final = RawFolder(
    what="DESED's synthetic soundscapes",
    has=(*SYNTHETIC["train"], *SYNTHETIC["valid"]),
    archive="dcase_synth.zip",
    url="https://zenodo.org/record/6026841/files/dcase_synth.zip",
)
PUBLIC_RAW: Final = RawFolder(
    what="DESED's public evaluation set",
    has=PUBLIC,
    archive="DESEDpublic_eval.tar.gz",
    url="https://zenodo.org/record/3588172/files/DESEDpublic_eval.tar.gz",
)
TASK: Final = OwnTask(name="desed", version="2021", embedding_type="event", seconds=10.0)


def plan(sources: Sources, mode: str) -> TaskPlan:
    """Plan the task.

    Args:
        sources: The two archives, or folders with what is in them.
        mode: "full".

    Raises:
        FileNotFoundError: One of the two is missing.
        ValueError: A table is not DESED's.
    """
    synthetic, public = sources.find(SYNTHETIC_RAW), sources.find(PUBLIC_RAW)
    parts = {"train": synthetic, "valid": synthetic, "test": public}
    clips: list[RawClip] = []
    for split, folder in parts.items():
        table, audio = SYNTHETIC.get(split, PUBLIC)
        found, _ = event_clips(folder / table, [folder / audio], COLUMNS, "s")
        clips.extend(
            replace(
                clip,
                stem=f"{split}_{clip.stem}",  # training and validation have files of one name
                split=split,
                events=trim_events(clip.events, TASK.seconds),
            )
            for clip in found
        )
    return plan_own(TASK, clips, Splitting())
