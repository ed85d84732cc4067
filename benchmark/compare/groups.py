"""Compare groups of rows that differ in the seed of their training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmark.report.merged_cells import merged, read_cells
from benchmark.report.published import MATCHED_BY
from benchmark.report.seed_groups import SeedGroups, WantedGroups, rows_of_groups
from benchmark.report.standings import leaderboard_of_cells


class ComparedGroups(NamedTuple):
    """What is shown.

    Attributes:
        groups: Scores and differences.
        damaged: Cells that are left out because they are damaged, a sentence each.
    """

    groups: SeedGroups
    damaged: list[str]


def compare_groups(
    folders: Sequence[Path | str],
    groups: Mapping[str, Sequence[str]],
    advance: Callable[[int, int], None] | None = None,
) -> ComparedGroups:
    """Compare training methods by groups of encoders.

    Args:
        folders: Results folders; rows of all of them are meant.
        groups: By name, labels of rows or patterns of them (``multi-*``).
        advance: Called with (done, total) as the tasks are resampled.

    Raises:
        FileNotFoundError: A folder without results.
        ValueError: Cells that cannot stand in one table, or groups that do not fit the rows.
    """
    read = [read_cells(Path(folder)) for folder in folders]
    files = merged([file for found in read for file in found.files])
    modules = list({file.cell.module.label: file.cell.module for file in files}.values())
    rows = rows_of_groups(groups, modules)
    wanted = {row.label for found in rows.values() for row in found}
    named = {name: [row.label for row in found] for name, found in rows.items()}
    kept = [file for file in files if file.cell.module.label in wanted]
    board = leaderboard_of_cells(kept, advance=advance, groups=WantedGroups(named))
    assert board.over_seeds is not None
    said = [*board.over_seeds.cautions, *(text for found in read for text in found.cautions)]
    said += [text for text in board.cautions if text != MATCHED_BY]
    damaged = [text for found in read for text in found.damaged]
    return ComparedGroups(replace(board.over_seeds, cautions=said), damaged)
