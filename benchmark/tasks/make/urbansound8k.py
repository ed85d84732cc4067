"""UrbanSound8K: ten kinds of sound in cities, in the data set's own ten folds.

Layout and columns are those of the data set's README (J. Salamon, C. Jacoby and J. P. Bello, "A
Dataset and Taxonomy for Urban Sound Research", ACM Multimedia 2014; urbansounddataset.weebly.com):
slices of at most 4 s in ``audio/fold1`` to ``audio/fold10``, named in
``metadata/UrbanSound8K.csv``. Its authors ask to use these folds: slices of one recording are in
the same fold, so that folds drawn anew would test on sounds that were trained on.
"""

from __future__ import annotations

from typing import Final

from benchmark.tasks.make.own_task import OwnTask, plan_own
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.sources import RawFolder, Sources
from benchmark.tasks.make.splits import Splitting
from benchmark.tasks.make.tables import read_table

TABLE: Final = "metadata/UrbanSound8K.csv"
COLUMNS: Final = {"file": "slice_file_name", "label": "class", "group": "fsID"}
FOLDS: Final = tuple(map(str, range(1, 11)))
RAW: Final = RawFolder(
    what="UrbanSound8K",
    has=(TABLE, "audio"),
    archive="UrbanSound8K.tar.gz",
    url="https://zenodo.org/record/1203745/files/UrbanSound8K.tar.gz",
)
TASK: Final = OwnTask(name="urbansound8k", version="v1.0", seconds=4.0)


def plan(sources: Sources, mode: str) -> TaskPlan:
    """Plan the task.

    Args:
        sources: The archive, or a folder with what is in it.
        mode: "full".

    Raises:
        FileNotFoundError: It is missing.
        ValueError: Its table is not UrbanSound8K's.
    """
    folder = sources.find(RAW)
    clips = []
    for row in read_table(folder / TABLE, ("file", "label", "fold"), COLUMNS):
        fold, name = row["fold"], row["file"]
        if fold not in FOLDS:
            raise ValueError(f"{row.place}: {name} is in fold {fold!r}, not 1 to 10.")
        clips.append(
            RawClip(
                source=folder / "audio" / f"fold{fold}" / name,
                stem=name.removesuffix(".wav"),
                split=fold,
                labels=(row["label"],),
                group=row["group"],
                listed=f"{row.place} lists it",
            )
        )
    return plan_own(TASK, clips, Splitting())
