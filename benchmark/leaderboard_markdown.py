"""``leaderboard.md``: the table for GitHub, with all that a reader must know to trust it below."""

from __future__ import annotations

from benchmark.entry import Entry
from benchmark.leaderboard import Leaderboard
from benchmark.results import ModuleFacts, TaskFacts, peak_memory, speed
from benchmark.table_notes import protocol_sentence, reading_notes, score_name, table_notes

COSTS = ("parameters", "embedding size", "audio s / s", "peak memory")


def leaderboard_markdown(board: Leaderboard, title: str, command: str = "") -> str:
    """The table, how it was made, why entries failed and what must be said of tasks and rows."""
    made_by = [f"Made by `{command}`.", ""] if command else []
    columns = [_column_head(task) for task in board.tasks]
    mean = ["mean of the tasks' scores"] if board.has_mean else []
    head = ["", *columns, *mean, *COSTS]
    failures = _numbered_failures(board)
    lines = [
        f"# {title}",
        "",
        *made_by,
        protocol_sentence(board),
        "",
        f"| {' | '.join(head)} |",
        "|:--" + "|--:" * (len(head) - 1) + "|",
        *(f"| {' | '.join(_row(board, module, failures))} |" for module in board.modules),
        "",
    ]
    numbered = [f"({number}) {reason}" for reason, number in failures.items()]
    notes = [*numbered, *table_notes(board), *reading_notes(board)]
    return "\n".join([*lines, *(f"- {_escape(note)}" for note in notes), ""])


def _numbered_failures(board: Leaderboard) -> dict[str, int]:
    """Each reason once, with its number: a module that cannot be loaded has one for all tasks."""
    failures: dict[str, int] = {}
    for module in board.modules:
        for entry in board.row(module):
            if entry.reason:
                failures.setdefault(f"{module.label}: {entry.reason}", len(failures) + 1)
    return failures


def _row(board: Leaderboard, module: ModuleFacts, failures: dict[str, int]) -> list[str]:
    scores = [
        f"failed ({failures[f'{module.label}: {entry.reason}']})"
        if entry.reason
        else _score(entry, board.best(entry.task))
        for entry in board.row(module)
    ]
    mean = [_number(board.mean(module))] if board.has_mean else []
    return [_escape(module.label), *scores, *mean, *_costs(board, module)]


def _costs(board: Leaderboard, module: ModuleFacts) -> list[str]:
    cells = board.cells(module)
    speeds, peak = speed(cells), peak_memory(cells)
    sizes = dict.fromkeys([module.scene_embedding_size, module.timestamp_embedding_size])
    return [
        _count(module.parameters),
        " / ".join(str(size) for size in sizes if size is not None),
        "" if speeds is None else f"{speeds:,.0f}",
        "" if peak is None else f"{peak / 1e6:,.0f} MB",
    ]


def _column_head(task: TaskFacts) -> str:
    folds = f", {task.folds} folds" if task.folds > 1 else ""
    mark = " †" if task.notice else ""
    return f"{task.family}{folds}<br>{_escape(task.task)}{mark}<br>{score_name(task)}"


def _score(entry: Entry, best: float | None) -> str:
    text = _number(entry.primary)
    if best is not None and text == _number(best):  # equal as printed is equal
        text = f"**{text}**"
    return text if entry.spread is None else f"{text} ± {_number(entry.spread)}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _count(value: int | None) -> str:
    if value is None:
        return ""
    return f"{value / 1e6:.1f} M" if value >= 100_000 else str(value)


def _escape(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
