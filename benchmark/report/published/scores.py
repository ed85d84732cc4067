"""Published HEAR scores: read them, and choose those that may stand in a table.

Caveats of scores that do not measure the model were read in the submissions' code, as mirrored in
hearbenchmark/hear2021-submitted-models. That code was not run.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from benchmark.protocol import GRID_POINTS, Protocol
from benchmark.tasks.catalogue.hear_tasks import hear_tasks

NOTES: Final = {
    # cvssp-panns: panns_hear/panns.py, ``torch.arange(frames_num) * 0.01``;
    # descript-marl-wav2clip: wav2clip_hear/hear.py, ``librosa.frames_to_time``.
    "seconds": (
        "The submission gave timestamps in seconds where HEAR wants milliseconds, so that all "
        "events fall into the first fraction of a second: the score says nothing about the model."
    ),
    # soundsensing-yamnet: yamnet_hear/hear2021.py multiplies by 1000, but numbers frames in steps
    # of HOP_SIZE_TIMESTAMPS = 0.05 s, while yamnet/features.py cuts patches every
    # PATCH_HOP_SECONDS = 0.48 s: the asked-for hop reaches only the batch size.
    "hop": (
        "The submission numbered its frames in steps of 50 ms though the network gives one every "
        "480 ms, so that its time axis is almost ten times too short: the score says nothing about "
        "the model. (Not the slip of seconds for milliseconds that zeroed PANNs and Wav2CLIP.)"
    ),
}


FILE = Path(__file__).with_name("hear_leaderboard.csv")


@dataclass(frozen=True)
class PublishedScore:
    """One cell of the public leaderboard.

    Attributes:
        model: Name of the submission.
        url: Where its code or paper is.
        submitted: ``"HEAR 2021"`` for the challenge, else the date of submission.
        task: Folder name of the task, as hear-preprocess makes it.
        score: Name of the score, which is the task's first.
        value: The score.
        note: What must be said beside it; None for most.
    """

    model: str
    url: str
    submitted: str
    task: str
    score: str
    value: float
    note: str | None


def published_label(model: str) -> str:
    """Row label of a published model, which no row of one's own can be taken for."""
    return f"{model} (published)"


@cache
def published_scores() -> tuple[PublishedScore, ...]:
    """All published scores, model by model; blanks of the leaderboard are left out."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return tuple(
            PublishedScore(
                model=row["model"],
                url=row["url"],
                submitted=row["submitted"],
                task=row["task"],
                score=row["score"],
                value=float(row["value"]),
                note=NOTES[row["note"]] if row["note"] else None,
            )
            for row in rows
        )


# To be said under every table with published rows.
MATCHED_BY: Final = (
    "Published rows are copied from the public HEAR leaderboard, not run here. They join a column "
    "by the task's folder name (which holds its version), its score, its number of clips (within "
    "1 %) and of folds; that the audio is the same cannot be known, as the leaderboard has no "
    "hashes of tasks. They have no predictions, and so no intervals and no tests."
)


NEAR: Final = 0.01  # of HEAR's clips: the odd file that could not be read


def published_for(
    task: str, score: str, protocol: Protocol, clips: int | None = None, folds: int | None = None
) -> list[PublishedScore]:
    """Published scores that may join a column; none unless all of it is as published.

    Args:
        task: Folder name of the task; HEAR's have the form ``{name}-{version}-{mode}``, so that
            another version, a subset or a remix has another name.
        score: The task's first score.
        protocol: How the column's own scores were made: joined only with HEAR's heads and
            grid, its number of grid points, its rules and all clips. The mode and the seed are
            free, as they move scores no more than upstream's own seeds do.
        clips: Number of the task's clips, over all splits; None where it is not known.
        folds: Number of its folds, 1 for train, valid and test; None where it is not known.
    """
    if not _of_hears_size(task, clips, folds):
        return []
    as_published = (
        protocol.grid == "default"
        and protocol.rules == "published"
        and protocol.grid_points == GRID_POINTS
        and not protocol.variant
    )
    if not as_published:
        return []
    return [row for row in published_scores() if (row.task, row.score) == (task, score)]


def _of_hears_size(task: str, clips: int | None, folds: int | None) -> bool:
    """Whether a task of that name has as many clips and folds as HEAR's, as far as is known."""
    known = next((hear for hear in hear_tasks() if hear.task == task), None)
    if known is None:
        return False
    if folds is not None and folds != known.folds:
        return False
    if clips is None or known.clips is None:
        return True
    return abs(clips - known.clips) <= NEAR * known.clips
