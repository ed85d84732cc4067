"""Sentences beside a table: how it was made, how to read it, and what limits it."""

from __future__ import annotations

import math
from collections.abc import Callable

from benchmark.models.learnable import HUGE, TINY
from benchmark.models.specs import FLOORS
from benchmark.protocol import Protocol
from benchmark.report.head_notes import selection_notes, step_notes
from benchmark.report.published import published_label
from benchmark.report.standings import Leaderboard
from benchmark.results.cells import TaskFacts
from benchmark.results.leaderboard import ResultTable

MODES = {
    "exact": "hear-eval-kit's arithmetic",
    "fast": "the grid's heads trained together; `--mode exact` is hear-eval-kit's arithmetic",
}
RULES = {
    "published": "as the published numbers were made",
    "strict": "upstream's faults corrected, so published numbers do not compare",
}

DEGENERATE = {  # kinds of `benchmark.embeddings.degenerate`: the share that is worth a note, words
    "equal": (0.05, "of the clips have the same embedding as another clip"),
    "huge": (0.05, f"of the clips have values above {HUGE:g}, too large for heads to learn from"),
    "tiny": (0.05, f"of the clips have no value above {TINY:g}, too small for heads to learn from"),
    "still": (0.05, "of the clips have one embedding for all frames"),
    "constant": (0.9, "of an embedding's numbers are the same in every clip"),
}


PROBES = {
    "mlp": "HEAR's heads",
    "linear": "logistic regression on standardised embeddings, not HEAR's heads",
    "knn": "nearest neighbours by cosine, not HEAR's heads",
}


def protocol_sentence(board: ResultTable) -> str:
    """How the scores were made and what the columns of costs are."""
    asked = board.protocol
    dtype = board.embedding_dtype
    parts = [
        *_heads_in_words(asked),
        f"rules `{asked.rules}` ({RULES[asked.rules]})",
        *([] if dtype == "float32" else [f"{dtype} embeddings"]),
        seeds_in_words(board),
    ]
    name = "HEAR downstream protocol" if not asked.variant else "Downstream protocol"
    return (
        f"{name} (version {asked.version}), {', '.join(parts)}. {' '.join(protocol_limits(asked))}"
    ).strip() + (
        " embedding size: of a scene / of a frame, where they differ. "
        "audio s / s: seconds of audio embedded per second on the machine that `scores.csv` names. "
        "peak memory: the model and what embedding took beside it."
    )


def _heads_in_words(asked: Protocol) -> list[str]:
    if asked.probe != "mlp":
        return [f"probe `{asked.probe}` ({PROBES[asked.probe]})"]
    published = "HEAR's published protocol"
    grid = published if asked.grid == "default" else f"`--grid default` is {published}"
    return [
        f"grid `{asked.grid}` ({grid})",
        f"{asked.grid_points} grid points",
        f"mode `{asked.mode}` ({MODES[asked.mode]})",
    ]


def protocol_limits(asked: Protocol) -> list[str]:
    """Sentences on what makes the scores another kind than HEAR's; none for HEAR's own."""
    sentences = []
    if asked.limit is not None:
        sentences.append(
            f"A first look: at most {asked.limit} clips of each split were used (`--limit "
            f"{asked.limit}`), so scores do not compare with those of all clips."
        )
    if asked.shots is not None:
        sentences.append(
            f"Few-shot: {asked.shots} clip{'s' * (asked.shots > 1)} of each class to train on and "
            "as many to validate on, drawn anew by every seed; all test clips."
        )
    return sentences


def protocol_mark(asked: Protocol) -> str:
    """The same in a few words, for the head of a column; "" for HEAR's own."""
    parts = [
        *([f"{asked.probe} probe"] if asked.probe != "mlp" else []),
        *([f"{asked.shots}-shot"] if asked.shots is not None else []),
        *([f"at most {asked.limit} clips a split"] if asked.limit is not None else []),
    ]
    return ", ".join(parts)


def protocol_in_short(board: ResultTable) -> str:
    """The same in one line for a terminal."""
    asked = board.protocol
    heads = f"grid {asked.grid}, mode {asked.mode}"
    parts = [
        heads if asked.probe == "mlp" else f"probe {asked.probe}",
        f"{asked.rules} rules",
        seeds_in_words(board),
    ]
    return f"{', '.join(parts)}. {' '.join(protocol_limits(asked))}".strip(". ").replace("`", "")


def seeds_in_words(board: ResultTable) -> str:
    """``seed 42`` or ``seeds 42, 43, 44``."""
    seeds = ", ".join(map(str, board.seeds))
    return f"seeds {seeds}" if len(board.seeds) > 1 else f"seed {seeds}"


def score_name(task: TaskFacts) -> str:
    """A task's score and which way is better; nothing for a task that cannot be read."""
    return f"{task.score} {'↑' if task.better == 'higher' else '↓'}" if task.score else ""


def table_notes(board: ResultTable) -> list[str]:
    """What must be said under every table: notices of tasks, notes of rows, which are floors."""
    notes = []
    notices = _tasks_by(board, lambda task: task.notice)
    notes += [f"† {tasks}: {notice}" for notice, tasks in notices.items()]
    notes += [
        f"{tasks}: the task's own metadata sets {names} of the heads, whatever the grid."
        for names, tasks in _tasks_by(board, lambda task: task.own_grid).items()
    ]
    notes += [*selection_notes(board), *step_notes(board)]
    for module in board.modules:
        if module.note:
            named = module.note.startswith(module.label)
            notes.append(module.note if named else f"{module.label}: {module.note}")
    notes += degenerate_notes(board)
    floors = [module.label for module in board.modules if module.module in FLOORS]
    if floors:
        notes.append(f"Floors, to be beaten: {', '.join(floors)}.")
    return notes


def degenerate_notes(board: ResultTable) -> list[str]:
    """Which rows have embeddings that heads cannot learn from, in which tasks and in which share.

    A few clips are not worth a note: data sets have clips twice, and silent ones.
    """
    notes = []
    for module in board.modules:
        tasks: dict[str, list[str]] = {}
        for entry in board.row(module):
            shares = entry.cells[0].degenerate
            said = [
                f"{100 * shares[kind]:.0f} % {words}"
                for kind, (least, words) in DEGENERATE.items()
                if shares.get(kind, 0.0) >= least
            ]
            if said:
                tasks.setdefault(" and ".join(said), []).append(entry.task.task)
        found = [f"in {', '.join(names)}, {said}" for said, names in tasks.items()]
        if found:
            notes.append(f"{module.label}, embeddings that say little: {'; '.join(found)}.")
    return notes


def deviation_notes(board: ResultTable) -> list[str]:
    """What ± is."""
    folds = any(task.folds > 1 for task in board.tasks)
    single = any(task.folds == 1 for task in board.tasks)
    seeds = len(board.seeds)
    notes = []
    if folds and seeds > 1:
        notes.append(
            f"Scores of tasks with folds are means over folds and {seeds} seeds, ± the standard "
            "deviation over folds of the means over seeds."
        )
    elif folds:
        notes.append("Scores of tasks with folds are means, ± the standard deviation over folds.")
    if single and seeds > 1:
        notes.append(
            f"Scores of tasks without folds are means over {seeds} seeds of the heads, ± the "
            "standard deviation over seeds; `scores.csv` has every value."
        )
    return notes


def _tasks_by(board: ResultTable, remark: Callable[[TaskFacts], str | None]) -> dict[str, str]:
    """Each remark once, with the names of the tasks that it is about."""
    names: dict[str, list[str]] = {}
    for task in board.tasks:
        if text := remark(task):
            names.setdefault(text, []).append(task.task)
    return {text: ", ".join(tasks) for text, tasks in names.items()}


def how_to_read(standings: Leaderboard) -> str:
    """A few sentences on intervals and ranks; empty where no row has them."""
    if not standings.comparisons:
        return ""
    rows = ""
    if any(standings.published.values()):
        rows = (
            " Ranks and bold are over all rows of a column, also published ones. These have no "
            "predictions: one counts as better where it lies beyond a row's interval."
        )
    return (
        "Below a score stands its 95 % interval: where it could lie on other test clips of the "
        "same kind, with the same heads. Rank 1–3 says that the tests leave places 1 to 3 open "
        "(every pair of rows on resampled clips, corrected for the number of pairs). Bold is every "
        "row that no other beats significantly: differences among bold ones may be chance." + rows
    )


def overall_note(standings: Leaderboard) -> list[str]:
    """What the overall scores are, if there are any."""
    if not standings.overall:
        return []
    own = [module.label for module in standings.board.modules]
    if not standings.compared:
        (alone,) = (row.model for row in standings.overall)
        return [
            f"normalised score and mean rank set rows with every task against each other: {alone} "
            "is the only one, and has a dash."
        ]
    here = sum(row.model in own for row in standings.overall)
    rows = f"{here} rows run here" if here > 1 else "row run here"
    if here < len(standings.overall):
        rows += f" and the {len(standings.overall) - here} published ones that have every task"
    resampled = any(not math.isnan(row.mean_rank_interval.low) for row in standings.overall)
    intervals = "Both with 95 % intervals, over" if resampled else "Both over"
    note = (
        "normalised score: HEAR's, from -1 to 1: each task's scores standardised (0 is the average "
        "of the rows, 1 a standard deviation above it or more), averaged over tasks. mean rank: "
        f"1 is best. {intervals} the {rows}: they change with the rows."
    )
    lacking = [label for label in own if standings.overall_of(label) is None]
    if lacking:
        note += f" Without a score in every task, and so without overall: {', '.join(lacking)}."
    return [note]


def numbered_remarks(standings: Leaderboard) -> dict[str, int]:
    """Why cells failed and what is wrong with published scores, each once, numbered from 1.

    The keys are sentences that begin with the row, as `failure_remark` and `published_remark`
    give them: a module that cannot be loaded has one for all its tasks.
    """
    texts = [
        failure_remark(module.label, entry.reason)
        for module in standings.board.modules
        for entry in standings.board.row(module)
        if entry.reason and not entry.not_run
    ]
    texts += [
        published_remark(row.model, row.note)
        for rows in standings.published.values()
        for row in rows
        if row.note
    ]
    return {text: number for number, text in enumerate(dict.fromkeys(texts), start=1)}


def failure_remark(label: str, reason: str) -> str:
    """What is said of a failed cell."""
    return f"{label}: {reason}"


def published_remark(model: str, note: str) -> str:
    """What is said of a published score that does not measure the model."""
    return f"{published_label(model)}: {note}"


def notes(standings: Leaderboard) -> list[str]:
    """All that stands below a table, the numbered remarks first."""
    numbered = [f"({number}) {text}" for text, number in numbered_remarks(standings).items()]
    absent = any(entry.not_run for entry in standings.board.entries.values())
    return [
        *numbered,
        *(["–: not run in these results."] if absent else []),
        *table_notes(standings.board),
        *deviation_notes(standings.board),
        *overall_note(standings),
        *standings.cautions,
    ]
