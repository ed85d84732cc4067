"""Two results folders, compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.compare.changes import changes
from benchmark.compare.differences import Difference, differences
from benchmark.compare.places import Side, match, match_rows


@dataclass(frozen=True)
class Comparison:
    """What is shown.

    Attributes:
        a: First results folder.
        b: Second results folder.
        differences: A place each.
        changes: What differs beside scores, a sentence each.
        only: What is in one folder only, a sentence each.
        cautions: What must be said beside it.
    """

    a: Path
    b: Path
    differences: list[Difference]
    changes: list[str]
    only: list[str]
    cautions: list[str]

    @property
    def worse(self) -> list[Difference]:
        """What got significantly worse, or fails where it did not."""
        return [difference for difference in self.differences if difference.is_worse]

    @property
    def summary(self) -> str:
        """E.g. ``"12 compared: 1 worse, 3 better, 8 no difference shown"``."""
        verdicts = [difference.verdict for difference in self.differences]
        counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts)]
        return f"{len(verdicts)} compared: {', '.join(counts)}."


def compare_folders(
    a: Path, b: Path, rows: tuple[str, str] | None = None, force: bool = False
) -> Comparison:
    """Compare the cells of two results folders.

    Args:
        a: A results folder, what was before.
        b: Another, what is now.
        rows: Compare this row of the first with that of the second; else equal rows.
        force: Compare also where the task was changed between the two.

    Raises:
        FileNotFoundError: A folder without results.
        ValueError: There is nothing to compare, or (without ``force``) a task was changed.
    """
    first, second = Side(a), Side(b)
    matched = match_rows(first, second, *rows) if rows else match(first, second)
    if not matched.places:
        hint = "they have no task in common" if rows else "name two rows with --rows X Y"
        raise ValueError(f"{a} and {b} have no module on the same task in common: {hint}.")
    other = [place for place in matched.places if not place.same_task]
    if other and not force:
        names = ", ".join(dict.fromkeys(place.task.task for place in other))
        raise ValueError(
            f"{a} and {b} were made on different versions of {names}, whose scores do not compare: "
            "run one of them again, or add --force to see them all the same."
        )
    found = differences(matched.places)
    return Comparison(
        a=a,
        b=b,
        differences=found,
        changes=changes(matched.places),
        only=matched.only,
        cautions=[*matched.cautions, *_cautions(found)],
    )


def _cautions(found: Sequence[Difference]) -> list[str]:
    cautions = []
    if any(not difference.place.same_task for difference in found):
        cautions.append("Scores on different versions of a task are set side by side (--force).")
    cautions += dict.fromkeys(difference.caution for difference in found if difference.caution)
    tested = [difference.place for difference in found if not math.isnan(difference.p)]
    if any(len(files) == 1 for place in tested for files in (place.a, place.b)):
        cautions.append(
            "The tests ask whether other test clips would tell the same of these heads. Heads of "
            "another seed score otherwise too: where it matters, run both with --seeds 5."
        )
    return cautions
