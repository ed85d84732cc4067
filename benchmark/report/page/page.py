"""``leaderboard.html``: one page that needs no other file, in the order in which it is read."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from benchmark.report.few_shot import FewShotScore
from benchmark.report.headline import Leader, leaders
from benchmark.report.licences import USES, Use
from benchmark.report.notes import deviation_notes, overall_note, protocol_limits, table_notes
from benchmark.report.numbers import end_text
from benchmark.report.page.cells import (
    Bar,
    PageColumn,
    PageRow,
    Remark,
    page_rows,
    sorted_rows,
    with_heat,
)
from benchmark.report.page.columns import cost_columns, overall_columns, task_column
from benchmark.report.page.correlations import CorrelationTable, correlation_tables
from benchmark.report.page.cost import CostChart, cost_charts
from benchmark.report.page.curves import Curves, curves_of
from benchmark.report.page.facts import (
    colophon,
    failures,
    protocol_facts,
    provenance,
    published_notes,
)
from benchmark.report.page.over_seeds import seed_section
from benchmark.report.page.pairs import MOST_PAIRS, PairTable, pair_table
from benchmark.report.page.script_data import script_data
from benchmark.report.standings import Leaderboard
from benchmark.results.leaderboard import FAMILIES
from msssl_common.messages import printable

MOST_BARS = 6  # tasks whose intervals are drawn in the table at first
KINDS = {
    "model": "Models",
    "baseline": "Baselines",
    "floor": "Floors",
    "published": "Published",
}
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
        leaders: Who leads each family of tasks.
        charts: Score against cost.
        correlations: Of tasks and of models.
        curves: Few-shot curves and scores by layer, where the results have them.
    """

    rows: list[PageRow]
    columns: list[PageColumn]
    sorted_by: int | None
    order: list[int]
    failures: list[Remark]
    published_notes: list[Remark]
    pairs: list[PairTable]
    leaders: list[Leader]
    charts: list[CostChart]
    correlations: list[CorrelationTable]
    curves: list[Curves]

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
    def has_ranks(self) -> bool:
        """Whether a score has a rank."""
        return any(cell.ranks for column in self.columns for cell in column.cells)

    @property
    def kinds(self) -> list[str]:
        """Kinds of rows that are not folded, in the order of `KINDS`."""
        there = {row.kind for row in self.rows if not row.folded}
        return [kind for kind in KINDS if kind in there]

    @property
    def uses(self) -> list[Use]:
        """What licences allow, in the order of `USES`; none where that is the same for all."""
        there = {row.use for row in self.rows}
        return [use for use in USES if use in there] if len(there) > 1 else []

    @property
    def has_sizes(self) -> bool:
        """Whether a row's number of parameters is known."""
        return any(row.parameters is not None for row in self.rows)

    @property
    def folded(self) -> int:
        """Number of rows that are hidden at first."""
        return sum(row.folded for row in self.rows)

    @property
    def view(self) -> str:
        """How the table looks at first: ``"bars"``, or ``"numbers"`` where it is wide."""
        return "bars" if len(self._tasks) <= MOST_BARS else "numbers"

    @property
    def _tasks(self) -> list[PageColumn]:
        return [column for column in self.columns if column.group not in ("overall", "cost")]


def page_of(standings: Leaderboard, curve: Sequence[FewShotScore] = ()) -> Page:
    """Lay out a leaderboard; at first sorted by the overall score or the only task's."""
    rows = page_rows(standings)
    failed, noted = failures(standings), published_notes(standings)
    overall = overall_columns(standings, rows)
    board = standings.board
    tasks = sorted(board.tasks, key=lambda task: FAMILIES.index(task.family))
    scores = with_heat([task_column(standings, task, rows, failed, noted) for task in tasks])
    costs = [
        column
        for column in cost_columns(standings, rows)
        if any(cell.value is not None for cell in column.cells)
    ]
    columns = [*with_heat(overall), *scores, *costs]
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
        leaders=leaders(standings),
        charts=cost_charts(standings, rows),
        correlations=correlation_tables(rows, scores),
        curves=curves_of(standings, curve),
    )


TEMPLATES = PackageLoader("benchmark.report")


def leaderboard_html(
    standings: Leaderboard, pictures: Sequence[str] = (), curve: Sequence[FewShotScore] = ()
) -> str:
    """The page: the answer, a table to sort and filter, and all that must be known to trust it.

    Names, notes and reasons are foreign text: all of it is escaped. The page's policy
    (Content-Security-Policy) lets it run its own script and style, known by their hashes, and
    fetch nothing.

    Args:
        standings: What is shown.
        pictures: Addresses of pictures beside the page, which it links to.
        curve: Scores of all numbers of training clips, where this leaderboard is one of several.
    """
    environment = _environment()
    style, script = _source(environment, "leaderboard.css"), _source(environment, "leaderboard.js")
    board = standings.board
    page = page_of(standings, curve)
    return environment.get_template("leaderboard.html.j2").render(
        standings=standings,
        board=board,
        page=page,
        data=script_data(standings, page.rows, page.columns),
        pictures=pictures,
        over_seeds=seed_section(standings),
        sample_bar=Bar(48.0, 12.0, 88.0),
        groups=GROUPS,
        kinds=KINDS,
        uses=USES,
        colophon=colophon(standings),
        families={family: GROUPS[family] for family in FAMILIES},
        most_rows=MOST_PAIRS,
        protocol=protocol_facts(standings),
        limits=protocol_limits(board.protocol),
        provenance=provenance(standings),
        notes=[*table_notes(board), *deviation_notes(board), *overall_note(standings)],
        style=style,
        script=script,
        policy=_policy(style, script),
    )


def _gated(value: object) -> object:
    """What a place in the page shows: text passes the gate, markup of our own is left alone."""
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _environment() -> Environment:
    environment = Environment(
        loader=TEMPLATES,
        autoescape=True,
        finalize=_gated,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False}
    environment.filters["code"] = code
    environment.filters["end"] = end_text
    environment.filters["breakable"] = breakable
    return environment


def code(text: str) -> Markup:
    """Escaped text, in which Markdown's backticks become ``<code>``."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(printable(text))))
    return Markup(marked)


def breakable(text: str) -> Markup:
    """Escaped text that may be broken behind an underscore, as names of tasks and scores have."""
    return Markup(str(escape(printable(text))).replace("_", "_<wbr>"))


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
