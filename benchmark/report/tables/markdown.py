"""``leaderboard.md`` and ``leaderboard_short.md``: the table in Markdown, full and short."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from benchmark.protocol import Protocol
from benchmark.report.notes import (
    failure_remark,
    how_to_read,
    notes,
    numbered_remarks,
    protocol_mark,
    protocol_sentence,
    published_remark,
    score_name,
)
from benchmark.report.numbers import count_text, score_text, speed_text
from benchmark.report.published import PublishedScore, published_label
from benchmark.report.standings import Leaderboard, Standing
from benchmark.results.cells import ModuleFacts, TaskFacts, peak_memory, speed
from benchmark.statistics import Interval, RankRange
from msssl_common.messages import one_printable_line, printable_name


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table, the first column to the left and all others to the right.

    Args:
        head: Of the columns; cells may hold Markdown, and ``<br>`` for a new line.
        rows: As long as the head.

    Raises:
        ValueError: A row of another length.
    """
    if any(len(row) != len(head) for row in rows):
        raise ValueError(f"A row of the table has not the {len(head)} columns of its head.")
    rule = "|:--" + "|--:" * (len(head) - 1) + "|"
    return [_line(head), rule, *(_line(row) for row in rows)]


# Where renderers make a link of an address without being asked: GitHub Flavored Markdown, 6.9.
AUTOLINKS = re.compile(
    r"(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\S@)(?=\S)|(?<=mailto:)|(?<=xmpp:)", re.I
)


def escape(text: str) -> str:
    """A name or sentence that is nothing but text, on one line, also inside a table's cell.

    It passes the gate for foreign text. No link, image or HTML of it lives, and no bold, which is
    what marks the best. Backticks do: notes of our own have code.
    """
    text = re.sub(r"([\\|\[\]*~])", r"\\\1", one_printable_line(text))
    return AUTOLINKS.sub("<!-- -->", text.replace("&", "&amp;").replace("<", "&lt;"))


def code_span(text: str) -> str:
    """Foreign text as code, in more backticks than it has in a row: nothing in it lives."""
    text = one_printable_line(text)
    ticks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _name(text: str) -> str:
    return escape(printable_name(text))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


COSTS = ("parameters", "embedding size", "audio s / s", "peak memory")
ABSENT = "–"


def leaderboard_markdown(standings: Leaderboard) -> str:
    """The table, how it was made, how it is read, and what must be said of rows and columns."""
    made_by = " and ".join(code_span(command) for command in standings.commands)
    paragraphs = [
        f"# {escape(standings.title)}",
        f"Made by {made_by}." if made_by else "",
        protocol_sentence(standings.board),
        how_to_read(standings),
        "\n".join(_table(standings)),
        "\n".join(f"- {escape(note)}" for note in notes(standings)),
    ]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def task_head(task: TaskFacts, protocol: Protocol) -> str:
    """Head of a task's column: family, what is not HEAR's in its protocol, name, score."""
    folds = f", {task.folds} folds" if task.folds > 1 else ""
    mark = " †" if task.notice else ""
    kind = f", {protocol_mark(protocol)}" if protocol.variant else ""
    name, score = _name(task.task), escape(score_name(task))
    return f"{task.family}{folds}{kind}<br>{name}{mark}<br>{score}"


def _table(standings: Leaderboard) -> list[str]:
    board, remarks = standings.board, numbered_remarks(standings)
    overall = ["normalised score ↑", "mean rank ↓"] if standings.overall else []
    head = ["", *overall, *(task_head(task, board.protocol) for task in board.tasks), *COSTS]
    own = [_own_row(standings, module, remarks) for module in board.modules]
    names = _published_models(standings)
    return markdown_table(head, [*own, *(_published_row(standings, n, remarks) for n in names)])


def _own_row(standings: Leaderboard, module: ModuleFacts, remarks: Mapping[str, int]) -> list[str]:
    places = [(module.label, task.task) for task in standings.board.tasks]
    scores = [
        _score(
            standings.standings[place],
            standings.ranks[place[1]].get(module.label),
            standings.is_best(*place),
            remarks,
        )
        for place in places
    ]
    overall = _overall(standings, module.label)
    return [_name(module.label), *overall, *scores, *_costs(standings, module)]


def _score(
    standing: Standing, ranks: RankRange | None, best: bool, remarks: Mapping[str, int]
) -> str:
    """Score, interval and ranks among all rows, one below the other."""
    entry = standing.entry
    if entry.not_run:
        return ABSENT
    if entry.reason:
        return f"failed ({remarks[failure_remark(entry.cells[0].module.label, entry.reason)]})"
    number = score_text(entry.primary or 0.0)
    lines = [f"**{number}**" if best else number]
    if entry.spread is not None:
        lines[0] += f" ± {score_text(entry.spread)}"
    if standing.interval:
        lines += _bounds(standing.interval)
    if ranks:
        lines.append(f"rank {ranks}")
    return "<br>".join(lines)


def _overall(standings: Leaderboard, label: str) -> list[str]:
    """Normalised score and mean rank with their intervals; no columns where nobody has them."""
    if not standings.overall:
        return []
    found = standings.overall_of(label)
    if found is None:
        return [ABSENT, ABSENT]
    return [
        "<br>".join([score_text(found.normalised), *_bounds(found.normalised_interval)]),
        "<br>".join([score_text(found.mean_rank, 1), *_bounds(found.mean_rank_interval, 1)]),
    ]


def _costs(standings: Leaderboard, module: ModuleFacts) -> list[str]:
    cells = standings.board.cells(module)
    peak = peak_memory(cells)
    sizes = dict.fromkeys([module.scene_embedding_size, module.timestamp_embedding_size])
    return [
        count_text(module.parameters),
        " / ".join(str(size) for size in sizes if size is not None),
        speed_text(speed(cells)),
        "" if peak is None else f"{peak / 1e6:,.0f} MB",
    ]


def _published_models(standings: Leaderboard) -> list[str]:
    """Best first where all are ranked or there is one task, else as on the public leaderboard."""
    rows = [row for found in standings.published.values() for row in found]
    names = list(dict.fromkeys(row.model for row in rows))
    place = {row.model: index for index, row in enumerate(standings.overall)}
    if len(standings.board.tasks) == 1:
        sign = -1 if standings.board.tasks[0].better == "higher" else 1
        return [row.model for row in sorted(rows, key=lambda row: sign * row.value)]
    return sorted(names, key=lambda name: place.get(published_label(name), len(place)))


def _published_row(standings: Leaderboard, model: str, remarks: Mapping[str, int]) -> list[str]:
    label = published_label(model)
    scores = [
        _published_score(
            standings.published[task.task], model, standings.is_best(label, task.task), remarks
        )
        for task in standings.board.tasks
    ]
    return [_name(label), *_overall(standings, label), *scores, *("" for _ in COSTS)]


def _published_score(
    column: list[PublishedScore], model: str, best: bool, remarks: Mapping[str, int]
) -> str:
    row = next((row for row in column if row.model == model), None)
    if row is None:
        return ABSENT
    note = f" ({remarks[published_remark(model, row.note)]})" if row.note else ""
    return f"**{score_text(row.value)}**" if best else f"{score_text(row.value)}{note}"


def _bounds(interval: Interval, decimals: int = 3) -> list[str]:
    """A line, or none where there is no interval."""
    if math.isnan(interval.low):
        return []
    return [f"[{score_text(interval.low, decimals)}, {score_text(interval.high, decimals)}]"]


def short_markdown(standings: Leaderboard) -> str:
    """Scores with rank ranges, the overall score, two costs; rows run here only."""
    board = standings.board
    overall = ["normalised score"] if standings.overall else []
    head = [
        "",
        *(task_head(task, board.protocol) for task in board.tasks),
        *overall,
        "parameters",
        "audio s / s",
    ]
    lines = markdown_table(head, [_row(standings, module) for module in board.modules])
    return "\n".join([*lines, ""])


def score_and_ranks(standings: Leaderboard, label: str, task: str) -> str:
    """``"0.572 (1–2)"``, ``"failed"``, or a dash for what was not run; no Markdown.

    The ranks are those among the rows run here, as published ones are not shown beside them.
    """
    standing = standings.standings[label, task]
    if standing.entry.not_run:
        return "–"
    if standing.entry.primary is None:
        return "failed"
    text = score_text(standing.entry.primary)
    return f"{text} ({standing.ranks})" if standing.ranks else text


def _row(standings: Leaderboard, module: ModuleFacts) -> list[str]:
    overall = []
    if standings.overall:
        found = standings.overall_of(module.label)
        overall = [score_text(found.normalised, 2) if found else "–"]
    return [
        _name(module.label),
        *(_short_score(standings, module.label, task.task) for task in standings.board.tasks),
        *overall,
        count_text(module.parameters),
        speed_text(speed(standings.board.cells(module))),
    ]


def _short_score(standings: Leaderboard, label: str, task: str) -> str:
    score, _, ranks = score_and_ranks(standings, label, task).partition(" ")
    bold = f"**{score}**" if standings.is_best(label, task, here=True) else score
    return f"{bold} {ranks}".rstrip()
