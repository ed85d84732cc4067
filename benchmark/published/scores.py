"""Reading the published scores that ship with the package."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmark.published.notes import NOTES

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
