"""Compare two results folders: differences of scores, with paired bootstrap intervals and tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from benchmark.compare.changes import changes
from benchmark.compare.places import Place, Side, entry, match, match_rows
from benchmark.report.fold_scores import entry_fold_scores, score_remark, score_remarks
from benchmark.results.verified import predictions_damage
from benchmark.statistics import Interval, bootstrap_task, percentile_interval
from benchmark.statistics.bootstrap import LEVEL, resamples_for_tests
from benchmark.statistics.paired import holm, paired_p

Verdict = Literal[
    "better",
    "worse",
    "no difference shown",
    "equal",
    "not tested",
    "fails now",
    "works now",
    "fails in both",
]


@dataclass(frozen=True)
class Difference:
    """What became of one module on one task.

    Attributes:
        place: Its cells.
        a: Score in the first folder, mean over folds and seeds; None if it failed there.
        b: Score in the second folder.
        interval: 95 % bootstrap interval of ``b - a`` over test clips, the same for both; None
            where nothing was resampled.
        p: Two-sided p of the paired test, after Holm's correction over all tests that were made;
            NaN where there was none.
        untested: Why there is no test; empty where there is.
        cautions: What must be said of the scores and the test.
    """

    place: Place
    a: float | None
    b: float | None
    interval: Interval | None = None
    p: float = math.nan
    untested: str = ""
    cautions: tuple[str, ...] = ()

    @property
    def change(self) -> float | None:
        """``b - a``; None where one failed."""
        return None if self.a is None or self.b is None else self.b - self.a

    @property
    def verdict(self) -> Verdict:
        """In words; significant is p of at most 5 %."""
        if self.change is None:
            if self.b is not None:
                return "works now"
            return "fails in both" if self.a is None else "fails now"
        if self.a == self.b:
            return "equal"
        if math.isnan(self.p):
            return "not tested"
        if self.p > 1 - LEVEL:
            return "no difference shown"
        return "better" if (self.change > 0) == (self.place.task.better == "higher") else "worse"

    @property
    def is_worse(self) -> bool:
        """Whether it got significantly worse, or fails where it did not."""
        return self.verdict in ("worse", "fails now")


def differences(places: Sequence[Place]) -> list[Difference]:
    """Compare every place, and correct p for the number of tests."""
    resamples = resamples_for_tests(len(places))
    found = [_difference(place, resamples) for place in places]
    adjusted = holm(np.array([difference.p for difference in found]))
    return [replace(each, p=float(p)) for each, p in zip(found, adjusted, strict=True)]


def _difference(place: Place, resamples: int) -> Difference:
    """One comparison, its p not corrected."""
    a, b = entry(place.a), entry(place.b)
    before, after = a.primary, b.primary
    plain = Difference(place, before, after)
    if before is None or after is None:
        return replace(plain, untested=(b.reason or a.reason or ""))
    if a.task.score != b.task.score:
        return replace(plain, untested=f"{a.task.score} and {b.task.score} are different scores")
    try:
        folds = {f"{place.row} in A": entry_fold_scores(place.a)}
        folds[f"{place.row} in B"] = entry_fold_scores(place.b)
        resampled = bootstrap_task(place.task.task, folds, place.task.better, resamples)
    except (ValueError, OSError) as error:
        return replace(plain, untested=str(error).rstrip("."))
    remarks = {row: score_remark(scores) for row, scores in folds.items()}
    plain = replace(plain, cautions=tuple(score_remarks(place.task.task, remarks)))
    change = after - before
    if not math.isfinite(change):
        undefined = math.isnan(before) or math.isnan(after)
        what = "undefined" if undefined else "infinite"
        return replace(plain, untested=f"a score is {what}")
    a_values, b_values = resampled.values
    with np.errstate(invalid="ignore"):  # infinite d_prime
        values = np.asarray(b_values - a_values)
    return replace(
        plain,
        interval=percentile_interval(values, LEVEL),
        p=paired_p(change, values),
        cautions=(*plain.cautions, *([resampled.caution] if resampled.caution else [])),
    )


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
        damaged: Cells that are damaged, or whose predictions are, a sentence each.
    """

    a: Path
    b: Path
    differences: list[Difference]
    changes: list[str]
    only: list[str]
    cautions: list[str]
    damaged: list[str] = field(default_factory=list)

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


def compare_results(
    a: Path | str, b: Path | str, rows: tuple[str, str] | None = None, force: bool = False
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
    a, b = Path(a), Path(b)
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
            "run one of them again, or compare them anyway with --force."
        )
    found = differences(matched.places)
    return Comparison(
        a=a,
        b=b,
        differences=found,
        changes=changes(matched.places),
        only=matched.only,
        cautions=[*matched.cautions, *_cautions(found)],
        damaged=[*matched.damaged, *_damaged(matched.places)],
    )


def _damaged(places: Sequence[Place]) -> list[str]:
    """The finished cells whose predictions are lost or damaged, a sentence each."""
    files = [file for place in places for file in (*place.a, *place.b) if not file.cell.reason]
    found = [(file, predictions_damage(file.path, file.cell)) for file in files]
    return [f"{file.path}: {wrong}." for file, wrong in found if wrong]


def _cautions(found: Sequence[Difference]) -> list[str]:
    cautions = []
    if any(not difference.place.same_task for difference in found):
        cautions.append("Scores on different versions of a task are compared (--force).")
    cautions += dict.fromkeys(each for difference in found for each in difference.cautions)
    tested = [difference.place for difference in found if not math.isnan(difference.p)]
    if any(len(files) == 1 for place in tested for files in (place.a, place.b)):
        cautions.append(
            "The tests ask whether other test clips would show the same with these heads. Heads of "
            "another seed also score differently: if that matters, run both with --seeds 5."
        )
    return cautions
