"""``leaderboard.html``: one page that needs no other file, in the order in which it is read."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from benchmark.report.notes import deviation_notes, overall_note, table_notes
from benchmark.report.numbers import end_text
from benchmark.report.page.cells import Bar, PageColumn, PageRow, Remark, page_rows, sorted_rows
from benchmark.report.page.columns import cost_columns, overall_columns, task_column
from benchmark.report.page.facts import failures, protocol_facts, provenance, published_notes
from benchmark.report.page.pairs import PairTable, pair_table
from benchmark.report.standings import Leaderboard
from benchmark.results.leaderboard import FAMILIES

GROUPS = {
    "overall": "Overall",
    "scene": "Scene tasks",
    "event": "Event tasks",
    "pitch": "Pitch tasks",
    "unknown": "Tasks that cannot be read",
    "cost": "Cost",
}


@dataclass(frozen=True)
class Page:
    """The page's parts.

    Attributes:
        rows: Models.
        columns: Overall scores, tasks, costs.
        sorted_by: Number of the column by which rows are sorted at first; None for none.
        order: Row numbers in that order.
        failures: Why cells failed.
        published_notes: What published scores do not mean.
        pairs: Paired tests, per task with at least two models.
    """

    rows: list[PageRow]
    columns: list[PageColumn]
    sorted_by: int | None
    order: list[int]
    failures: list[Remark]
    published_notes: list[Remark]
    pairs: list[PairTable]

    @property
    def groups(self) -> dict[str, int]:
        """Number of columns by group, in the order of the columns."""
        counts: dict[str, int] = {}
        for column in self.columns:
            counts[column.group] = counts.get(column.group, 0) + 1
        return counts

    @property
    def has_lone_scores(self) -> bool:
        """Whether a score is drawn without an interval."""
        cells = [cell for column in self.columns for cell in column.cells]
        return any(cell.bar is not None and cell.bar.low is None for cell in cells)

    @property
    def script_data(self) -> dict[str, object]:
        """What the page's script sorts and filters by; column 0 is the rows' names."""
        names = sorted(row.name.casefold() for row in self.rows)
        columns: list[dict[str, object]] = [
            {
                "title": "model",
                "group": "name",
                "first": "ascending",
                "order": [names.index(row.name.casefold()) for row in self.rows],
                "ties": [None for _ in self.rows],
            }
        ]
        columns += [
            {
                "title": column.title,
                "group": column.group,
                "first": column.first,
                "order": column.order,
                "ties": column.ties,
            }
            for column in self.columns
        ]
        rows = [{"name": row.name, "published": row.published} for row in self.rows]
        return {"rows": rows, "columns": columns}


def page_of(standings: Leaderboard) -> Page:
    """Lay out a leaderboard; at first sorted by the overall score or the only task's."""
    rows = page_rows(standings)
    failed, noted = failures(standings), published_notes(standings)
    overall = overall_columns(standings, rows)
    board = standings.board
    tasks = sorted(board.tasks, key=lambda task: FAMILIES.index(task.family))
    columns = [
        *overall,
        *(task_column(standings, task, rows, failed, noted) for task in tasks),
        *cost_columns(standings, rows),
    ]
    sorted_by = 0 if overall or len(tasks) == 1 else None
    pairs = [pair_table(standings, task) for task in tasks]
    return Page(
        rows=rows,
        columns=columns,
        sorted_by=sorted_by,
        order=sorted_rows(columns, sorted_by, len(rows)),
        failures=list(failed.values()),
        published_notes=list(noted.values()),
        pairs=[table for table in pairs if table],
    )


TEMPLATES = PackageLoader("benchmark.report")


def leaderboard_html(standings: Leaderboard) -> str:
    """The page: a table to sort and filter, and all that must be known to trust it.

    Names, notes and reasons are foreign text: all of it is escaped. The page's policy
    (Content-Security-Policy) lets it run its own script and style, known by their hashes, and
    fetch nothing.
    """
    environment = _environment()
    style, script = _source(environment, "leaderboard.css"), _source(environment, "leaderboard.js")
    board = standings.board
    page = environment.get_template("leaderboard.html.j2").render(
        standings=standings,
        board=board,
        page=page_of(standings),
        sample_bar=Bar(48.0, 12.0, 88.0),
        groups=GROUPS,
        protocol=protocol_facts(standings),
        provenance=provenance(standings),
        notes=[*table_notes(board), *deviation_notes(board), *overall_note(standings)],
        style=style,
        script=script,
        policy=_policy(style, script),
    )
    # A file name that was no UTF-8 is no text that could be written either.
    return page.encode("utf-8", "replace").decode("utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=TEMPLATES,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False}
    environment.filters["code"] = code
    environment.filters["end"] = end_text
    return environment


def code(text: str) -> Markup:
    """Escaped text, in which Markdown's backticks become ``<code>``."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(marked)


def _source(environment: Environment, name: str) -> Markup:
    text, _, _ = TEMPLATES.get_source(environment, name)
    return Markup(text)


def _policy(style: str, script: str) -> str:
    """Source: W3C, "Content Security Policy Level 3", sections 6.1 and 8.4 (hashes)."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
