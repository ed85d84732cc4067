"""The page's tables of groups of rows over training seeds."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.report.numbers import NONE
from benchmark.report.seed_groups import HOW_TO_READ, SeedGroups
from benchmark.report.standings import Leaderboard
from benchmark.report.tables.over_seeds import pair_lines, score_lines
from benchmark.statistics.training_seeds import GroupDifference, GroupScore


@dataclass(frozen=True)
class SeedCell:
    """Lines of a cell; the first is its number. ``verdict`` is a class of the style, or empty."""

    lines: list[str]
    verdict: str = ""


@dataclass(frozen=True)
class SeedRow:
    """A group with its rows' labels, or a pair of groups."""

    name: str
    labels: str
    cells: list[SeedCell]


@dataclass(frozen=True)
class SeedSection:
    """The section.

    Attributes:
        head: Name and score of each column.
        groups: A row per group.
        pairs: A row per pair of groups.
        how_to_read: A paragraph.
        cautions: What must be said beside it.
    """

    head: list[tuple[str, str]]
    groups: list[SeedRow]
    pairs: list[SeedRow]
    how_to_read: str
    cautions: list[str]


def seed_section(standings: Leaderboard) -> SeedSection | None:
    """None where no groups are named."""
    found = standings.over_seeds
    if found is None:
        return None
    return SeedSection(
        head=[(task.name, task.score) for task in found.tasks] if found.rows else [],
        groups=[_group(found, name) for name in found.rows],
        pairs=[_pair(found, a, b) for a, b in found.pairs],
        how_to_read=HOW_TO_READ if found.rows else "",
        cautions=found.cautions,
    )


def _group(found: SeedGroups, name: str) -> SeedRow:
    cells = [_score(task.of(name)) for task in found.tasks]
    return SeedRow(name, ", ".join(found.rows[name]), cells)


def _pair(found: SeedGroups, a: str, b: str) -> SeedRow:
    return SeedRow(f"{a} − {b}", "", [_difference(task.between(a, b)) for task in found.tasks])


def _score(score: GroupScore | None) -> SeedCell:
    return SeedCell(score_lines(score) if score else [NONE])


def _difference(pair: GroupDifference | None) -> SeedCell:
    if pair is None:
        return SeedCell([NONE])
    style = {"above": "better", "below": "worse"}.get(pair.verdict, "")
    return SeedCell(pair_lines(pair), style)
