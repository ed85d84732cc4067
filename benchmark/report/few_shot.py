"""Few-shot curves: scores against the number of training clips of each class.

A leaderboard for each number stands in a folder of its own (``shots-4``). This is their sum:
``few_shot.csv``, ``few_shot.md`` and, with matplotlib, ``few_shot.png``.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from benchmark.report.notes import PROBES
from benchmark.report.numbers import score_text
from benchmark.report.standings import Leaderboard, read_leaderboard
from benchmark.report.tables.markdown import escape, markdown_table
from benchmark.results.cells import ModuleFacts, TaskFacts
from benchmark.statistics.draws import interval_over_draws, within_range
from msssl_common.csv_tables import csv_table
from msssl_common.files import write_bytes, write_text


@dataclass(frozen=True)
class FewShotScore:
    """One module on one task with one number of training clips; a row of ``few_shot.csv``.

    Attributes:
        label: Row of the tables.
        module: Import name of the HEAR module.
        task: Folder name of the task.
        score: Name of the task's first score.
        better: ``"higher"`` or ``"lower"``.
        probe: What reads the embeddings.
        limit: Clips of each split that were used at most; None for all.
        shots: Clips of each class to train on, and as many to validate on.
        draws: How often they were drawn.
        value: Mean over draws (and folds); None if a cell failed.
        low: Lower bound of its 95 % interval over training and test clips; None if unknown.
        high: Upper bound.
    """

    label: str
    module: str
    task: str
    score: str
    better: str
    probe: str
    limit: int | None
    shots: int
    draws: int
    value: float | None
    low: float | None
    high: float | None


def shots_folder(folder: Path, shots: int) -> Path:
    """Where the leaderboard of a number of training clips stands in the folder of a curve."""
    return folder / f"shots-{shots}"


def shots_folders(folders: Sequence[Path]) -> dict[int, list[Path]]:
    """The results folders of curves by number of training clips, ascending.

    Args:
        folders: Of curves, or results folders.

    Returns:
        Empty where no folder is one of a curve.

    Raises:
        ValueError: Some are and some are not.
    """
    found: dict[int, list[Path]] = {}
    alone: list[Path] = []
    for folder in folders:
        own = [
            path
            for path in folder.glob("shots-*")
            if path.name[6:].isdecimal() and (path / "cells").is_dir()
        ]
        if not own or (folder / "cells").is_dir():
            alone.append(folder)
            continue
        for path in own:
            found.setdefault(int(path.name[6:]), []).append(path)
    if found and alone:
        raise ValueError(
            f"{alone[0]} holds no few-shot results (shots-N), and another folder does: "
            "report them apart"
        )
    return dict(sorted(found.items()))


def read_boards(
    folders: Mapping[int, Sequence[Path]],
    advance: Callable[[int, int], None] | None = None,
    title: str = "",
) -> dict[int, Leaderboard]:
    """The leaderboards of a curve by number of training clips, from their files alone.

    Args:
        folders: From `shots_folders`.
        advance: As in `read_leaderboard`, for each of them.
        title: Of their pages; by default made of tasks, rows and date.

    Raises:
        ValueError: As `read_leaderboard`.
    """
    return {shots: read_leaderboard(own, advance, title) for shots, own in folders.items()}


def few_shot_curve(boards: Mapping[int, Leaderboard]) -> list[FewShotScore]:
    """The scores of several leaderboards, by task, row and number of clips.

    Args:
        boards: By number of clips, ascending.
    """
    first = next(iter(boards.values())).board
    return [
        _score(board, module, task, shots)
        for task in first.tasks
        for module in first.modules
        for shots, board in boards.items()
        if (module.label, task.task) in board.standings
    ]


def _score(board: Leaderboard, module: ModuleFacts, task: TaskFacts, shots: int) -> FewShotScore:
    standing = board.standings[module.label, task.task]
    cells = standing.entry.cells
    low, high = None, None
    if standing.interval and standing.entry.reason is None:
        draws = [cell.mean(task.score) for cell in cells]
        found = interval_over_draws(draws, standing.interval)
        if not math.isnan(found.low):
            low, high = within_range(task.score, found)
    return FewShotScore(
        label=module.label,
        module=module.module,
        task=task.task,
        score=task.score,
        better=task.better,
        probe=board.board.protocol.probe,
        limit=board.board.protocol.limit,
        shots=shots,
        draws=len(cells),
        value=standing.entry.primary,
        low=low,
        high=high,
    )


def write_few_shot(curve: Sequence[FewShotScore], folder: Path) -> None:
    """Write table and CSV, and the picture where matplotlib is installed."""
    write_text(folder / "few_shot.csv", few_shot_csv(curve))
    write_text(folder / "few_shot.md", few_shot_markdown(curve))
    if importlib.util.find_spec("matplotlib"):
        from benchmark.report.plots.few_shot import few_shot_png

        write_bytes(folder / "few_shot.png", few_shot_png(curve))


def few_shot_csv(curve: Sequence[FewShotScore]) -> str:
    """A row per module, task and number of clips, in full precision."""
    columns = [field.name for field in fields(FewShotScore)]
    return csv_table(columns, (asdict(point) for point in curve))


def few_shot_markdown(curve: Sequence[FewShotScore]) -> str:
    """A table per task: rows are modules, columns numbers of clips."""
    parts = ["# Few-shot scores", few_shot_sentence(curve)]
    for task in dict.fromkeys(point.task for point in curve):
        points = {(p.label, p.shots): p for p in curve if p.task == task}
        numbers = sorted({shots for _, shots in points})
        score = next(iter(points.values())).score
        head = [f"{escape(task)}<br>{score}", *(f"{number} per class" for number in numbers)]
        rows = [
            [escape(label), *(_shown(points.get((label, number))) for number in numbers)]
            for label in dict.fromkeys(label for label, _ in points)
        ]
        parts.append("\n".join(markdown_table(head, rows)))
    return "\n\n".join(parts) + "\n"


def few_shot_sentence(curve: Sequence[FewShotScore]) -> str:
    """How the scores were made."""
    point = curve[0]
    limit = f" At most {point.limit} clips of each split were used." if point.limit else ""
    return (
        f"Probe `{point.probe}` ({PROBES[point.probe]}), trained on a few clips of each class and "
        f"chosen on as many of the validation split; all test clips. Means over {point.draws} "
        "draws of the clips. The 95 % intervals are over other training clips and other test "
        f"clips. None of this is HEAR's protocol.{limit}"
    )


def _shown(point: FewShotScore | None) -> str:
    if point is None or point.value is None:
        return "–" if point is None else "failed"
    text = score_text(point.value)
    if point.low is None or point.high is None:
        return text
    return f"{text}<br>{score_text(point.low)}–{score_text(point.high)}"
