"""What must be said in words for a reader to trust a table, and no more than it deserves."""

from __future__ import annotations

import math

from benchmark.published import published_label
from benchmark.report.standings import Standings
from benchmark.table_notes import deviation_notes, table_notes


def how_to_read(standings: Standings) -> str:
    """Two or three sentences on intervals and ranks; empty where no row has them."""
    if not standings.comparisons:
        return ""
    return (
        "Below a score stands its 95 % interval: where it could lie on other test clips of the "
        "same kind, with the same heads. Rank 1–3 says that the tests leave places 1 to 3 open "
        "(every pair of rows on resampled clips, corrected for the number of pairs). Bold is every "
        "row that no other beats significantly: differences among bold ones may be chance."
    )


def overall_note(standings: Standings) -> list[str]:
    """What the overall scores are, if there are any."""
    if not standings.overall:
        return []
    own = [module.label for module in standings.board.modules]
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


def numbered_remarks(standings: Standings) -> dict[str, int]:
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


def notes(standings: Standings) -> list[str]:
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
