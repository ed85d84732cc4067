"""Draw the page and the Markdown of committed boards again, from their tables.

    python -m tests.bench.committed_boards [FOLDER ...]      # by default all boards of results/

Boards are committed without cells and predictions, so that `msbench report` cannot read them. Their
CSV tables hold every number that a page shows: scores, intervals, tests, overall scores and costs.
No number changes: the short table, made from what was read, must be the committed one. Intervals of
the differences of two models are in no table, so such a page has none.
"""

import csv
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

import numpy as np

from benchmark.models.specs import BASELINES, OURS
from benchmark.protocol import Protocol
from benchmark.report.notes import notes
from benchmark.report.page.page import leaderboard_html
from benchmark.report.published import MATCHED_BY, published_for
from benchmark.report.standings import Leaderboard, Standing
from benchmark.report.tables.markdown import escape, short_markdown
from benchmark.report.tables.over_seeds import SEEDS_HEAD
from benchmark.report.title import default_title
from benchmark.report.write import markdown_with_seeds
from benchmark.results.cells import Cell, Cost, FoldScores, ModuleFacts, TaskFacts
from benchmark.results.leaderboard import Entry, ResultTable
from benchmark.statistics import Comparisons, Interval, Overall, RankRange
from msssl_common.files import write_text
from msssl_hear import LICENCE
from tests import ROOT
from tests.bench.committed_seed_groups import read_seed_groups

Row = dict[str, str]
OWN_GRID = re.compile(
    r"- (.*): the task's own metadata sets (.*) of the heads, whatever the grid\."
)


def rows(path: Path) -> list[Row]:
    """Rows of a CSV table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str | None) -> float | None:
    """None for an empty field."""
    return float(text) if text else None


def whole(text: str | None) -> int | None:
    """The same as a whole number."""
    return int(float(text)) if text else None


def interval(row: Row, low: str, high: str) -> Interval | None:
    """None where a bound is empty."""
    bounds = number(row.get(low)), number(row.get(high))
    return None if bounds[0] is None or bounds[1] is None else Interval(bounds[0], bounds[1])


def read_board(folder: Path) -> Leaderboard:
    """A leaderboard with everything that its tables tell."""
    long = {
        (row["label"], row["task"]): row
        for row in rows(folder / "leaderboard_long.csv")
        if row["source"] == "run"
    }
    wide = {row["label"]: row for row in rows(folder / "leaderboard.csv")}
    text, _, of_seeds = (folder / "leaderboard.md").read_text("utf-8").partition(f"{SEEDS_HEAD}\n")
    lines = text.splitlines()
    grids = {
        task: found[2]
        for line in lines
        if (found := OWN_GRID.fullmatch(line))
        for task in found[1].split(", ")
    }
    cells = [
        replace(cell, task=replace(cell.task, own_grid=grids.get(cell.task.task, "")))
        for cell in _cells(rows(folder / "scores.csv"), long, wide)
    ]
    board = ResultTable.of(cells)
    modules = {module.label: module for module in board.modules}
    own = [label for label, row in wide.items() if row["source"] == "run"]
    board = replace(board, modules=[modules[label] for label in own])
    commands = [row["command"] for row in sorted(long.values(), key=lambda row: row["date"])]
    found = Leaderboard(
        title=default_title(board),
        board=board,
        standings={place: _standing(entry, long[place]) for place, entry in board.entries.items()},
        comparisons=_comparisons(rows(folder / "leaderboard_pairs.csv")),
        overall=[_overall(row, label) for label, row in wide.items() if row.get("mean_rank")],
        published={
            task.task: published_for(
                task.task, task.score, board.protocol, _clips(board, task), task.folds
            )
            for task in board.tasks
        },
        cautions=[],
        commands=list(dict.fromkeys(part for all_ in commands for part in all_.split(" | "))),
    )
    said = {escape(note) for note in notes(found)}
    bullets = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    # How published rows join is said as `published_for` joins them above, not as it once was.
    copied = "Published rows are copied"
    bullets = [MATCHED_BY if text.startswith(copied) else text for text in bullets]
    return replace(
        found,
        cautions=[text for text in bullets if text not in said],
        over_seeds=read_seed_groups(folder, of_seeds.splitlines()),
    )


def _clips(board: ResultTable, task: TaskFacts) -> int | None:
    """Number of a task's clips; None where no row has a score."""
    cells = [cell for m in board.modules for cell in board.entries[m.label, task.task].cells]
    return next((cell.cost.clips for cell in cells if cell.cost), None)


def _cells(
    scores: list[Row], long: dict[tuple[str, str], Row], wide: dict[str, Row]
) -> Iterator[Cell]:
    seeds: dict[tuple[str, str, str], list[Row]] = {}
    for row in scores:
        if row["seed"] != "mean":
            seeds.setdefault((row["label"], row["task"], row["seed"]), []).append(row)
    for (label, task, _), of_seed in seeds.items():
        yield _cell(of_seed, long[label, task], wide[label])


def _cell(scores: list[Row], facts: Row, costs: Row) -> Cell:
    first = scores[0]
    folds: dict[str, list[Row]] = {}
    for row in scores:
        folds.setdefault(row["fold"], []).append(row)
    if len(folds) > 1:
        del folds["mean"]
    family = cast(Literal["scene", "event", "pitch", "unknown"], facts["family"])
    seconds = number(first["audio_seconds"]) or 0.0
    return Cell(
        module=ModuleFacts(
            label=first["label"],
            module=first["module"],
            checkpoint=first["checkpoint"],
            note=costs["note"] or None,
            weights_hash=first["weights_hash"],
            module_hash=first["module_hash"],
            sample_rate=whole(first["sample_rate"]),
            parameters=whole(first["parameters"]),
            scene_embedding_size=whole(costs["scene_embedding_size"]),
            timestamp_embedding_size=whole(costs["timestamp_embedding_size"]),
            distribution=facts["distribution"],
            licence=costs.get("licence") or _bundled_licence(first["module"], first["checkpoint"]),
        ),
        task=TaskFacts(
            facts["task"], family, facts["score"], facts["notice"] or None, max(len(folds), 1)
        ),
        protocol=Protocol(
            first["grid"],
            int(first["seed"]),
            first["mode"],
            first["rules"],
            int(first["grid_points"]),
        ),
        task_hash=first["task_hash"],
        reason=first["reason"] or None,
        folds=[_fold(name, of_fold) for name, of_fold in folds.items() if not first["reason"]],
        cost=None
        if first["reason"]
        else Cost(
            embedding_size=int(first["embedding_size"]),
            clips=int(first["clips"]),
            audio_seconds=seconds,
            embedding_seconds=float(first["embedding_seconds"]),
            model_seconds=seconds / float(first["audio_seconds_per_second"]),
            embedding_cached=False,
            head_seconds=float(first["head_seconds"]),
            peak_memory_bytes=whole(first["peak_memory_bytes"]),
        ),
        embedding_dtype=first["embedding_dtype"],
        device=first["device"],
        versions=first["versions"],
        machine=first["machine"],
        date=first["date"],
    )


def _bundled_licence(module: str, checkpoint: str) -> str:
    """Of weights that come with the package; tables made before it was kept do not say it."""
    ours = module == OURS or module.startswith(f"{BASELINES}.")
    return LICENCE if ours and not checkpoint else ""


def _fold(name: str, scores: list[Row]) -> FoldScores:
    values = {row["score"]: float(row["value"] or "nan") for row in scores}
    return FoldScores(name, values, float(scores[0]["validation_score"]), 0)


def _standing(entry: Entry, row: Row) -> Standing:
    ranks = whole(row["rank_first"]), whole(row["rank_last"])
    return Standing(
        entry,
        interval(row, "low", "high"),
        None if ranks[0] is None or ranks[1] is None else RankRange(ranks[0], ranks[1]),
    )


def _overall(row: Row, label: str) -> Overall:
    nothing = Interval(math.nan, math.nan)
    return Overall(
        label,
        float(row["normalised_score"]),
        interval(row, "normalised_score:low", "normalised_score:high") or nothing,
        float(row["mean_rank"]),
        interval(row, "mean_rank:low", "mean_rank:high") or nothing,
    )


def _comparisons(pairs: list[Row]) -> dict[str, Comparisons]:
    found = {}
    for task in dict.fromkeys(row["task"] for row in pairs):
        own = [row for row in pairs if row["task"] == task]
        names = tuple(dict.fromkeys(name for row in own for name in (row["a"], row["b"])))
        p, adjusted, unknown = np.full((3, len(names), len(names)), math.nan)
        better = np.zeros(p.shape, dtype=bool)
        for row in own:
            a, b = names.index(row["a"]), names.index(row["b"])
            p[a, b] = p[b, a] = float(row["p"] or "nan")
            adjusted[a, b] = adjusted[b, a] = float(row["p_holm"] or "nan")
            better[a, b], better[b, a] = row["better"] == "a", row["better"] == "b"
        found[task] = Comparisons(names, p, adjusted, better, unknown, unknown)
    return found


def draw(folder: Path) -> None:
    """Write ``leaderboard.html`` and ``leaderboard.md`` anew.

    Raises:
        ValueError: What was read does not give the committed short table.
    """
    board = read_board(folder)
    if short_markdown(board) != (folder / "leaderboard_short.md").read_text(encoding="utf-8"):
        raise ValueError(f"{folder}: its tables do not give its short table")
    write_text(folder / "leaderboard.html", leaderboard_html(board))
    write_text(folder / "leaderboard.md", markdown_with_seeds(board))


def main(folders: list[str]) -> None:
    """Draw the named boards, or all."""
    known = sorted(path.parent for path in (ROOT / "results").glob("*/leaderboard_short.md"))
    for folder in [Path(name) for name in folders] or known:
        draw(folder)
        print(f"drawn: {folder.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
