"""The page's lists: how scores were made, why cells failed, caveats of published scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmark.protocol import Protocol
from benchmark.report.notes import MODES, PROBES, RULES, protocol_limits
from benchmark.report.page.cells import Remark
from benchmark.report.standings import Leaderboard
from benchmark.results.cells import Cell, ModuleFacts


def protocol_facts(standings: Leaderboard) -> list[tuple[str, str]]:
    """Names and values: grid, mode, rules, seeds and where the runs were made."""
    board = standings.board
    asked = board.protocol
    facts = [
        ("Protocol", f"HEAR downstream evaluation, version {asked.version} of this code"),
        *(("Not HEAR's", sentence) for sentence in protocol_limits(asked)),
        *_heads(asked),
        ("Rules", f"`{asked.rules}` ({RULES[asked.rules]})"),
        ("Seeds of the heads", ", ".join(map(str, board.seeds))),
        ("Embeddings", board.embedding_dtype),
    ]
    if standings.comparisons:
        facts += [
            ("Intervals", "95 %, percentile bootstrap over test clips, folds staying as they are"),
            ("Tests", "paired bootstrap of all pairs of a task, Holm-corrected, 5 %"),
        ]
    cells = [cell for module in board.modules for cell in board.cells(module)]
    return facts + [("Made on", machine) for machine in _each(cells, lambda cell: cell.machine)]


def _heads(asked: Protocol) -> list[tuple[str, str]]:
    if asked.probe != "mlp":
        return [("Probe", f"`{asked.probe}` ({PROBES[asked.probe]})")]
    published = "HEAR's published protocol"
    grid = published if asked.grid == "default" else f"`--grid default` is {published}"
    return [
        ("Grid", f"`{asked.grid}` ({grid}), at most {asked.grid_points} points"),
        ("Mode", f"`{asked.mode}` ({MODES[asked.mode]})"),
    ]


def provenance(standings: Leaderboard) -> list[dict[str, str]]:
    """What stands behind every row run here; several values of a row are joined by "; "."""
    return [
        _row_provenance(module, standings.board.cells(module)) for module in standings.board.modules
    ]


def _row_provenance(module: ModuleFacts, cells: list[Cell]) -> dict[str, str]:
    ran = [cell for cell in cells if not cell.reason]
    dates = sorted(_each(ran, lambda cell: cell.date[:10]))
    return {
        "row": module.label,
        "module": module.module,
        "checkpoint": module.checkpoint or "its default",
        "distribution": module.distribution,
        "weights (SHA-256)": module.weights_hash[:16],
        "licence": module.licence or "not known",
        "sample rate": f"{module.sample_rate:,} Hz" if module.sample_rate else "",
        "device": "; ".join(_each(ran, lambda cell: cell.device)),
        "versions": " | ".join(_each(ran, lambda cell: cell.versions)),
        "date": " to ".join(dict.fromkeys([*dates[:1], *dates[-1:]])),
    }


CITE = (
    "To cite these scores: Turian et al., HEAR: Holistic Evaluation of Audio Representations, "
    "PMLR 176, 2022 (arXiv:2203.03022), the authors of the data sets and of the models, and the "
    "version of msssl-hear."
)


def colophon(standings: Leaderboard) -> list[str]:
    """The last lines of the page: when and with what it was made, and what to cite."""
    board = standings.board
    cells = [cell for module in board.modules for cell in board.cells(module)]
    days = sorted(_each(cells, lambda cell: cell.date[:10]))
    made = " to ".join(dict.fromkeys([*days[:1], *days[-1:]]))
    versions = _each(cells, lambda cell: cell.versions)
    lines = [f"Made with msssl-hear{f', {made}' if made else ''}."]
    if len(versions) == 1:
        lines.append(f"Versions: {versions[0]}.")
    elif versions:
        lines.append("Versions differ from row to row: see the table above.")
    return [" ".join(lines), CITE]


def _each(cells: Iterable[Cell], fact: Callable[[Cell], str]) -> list[str]:
    """A fact's different values, those that are not empty."""
    return list(dict.fromkeys(fact(cell) for cell in cells if fact(cell)))


def failures(standings: Leaderboard) -> dict[tuple[str, str], Remark]:
    """By (row label, reason); a module that cannot be loaded has one for all its tasks."""
    found: dict[tuple[str, str], Remark] = {}
    for module in standings.board.modules:
        for task in standings.board.tasks:
            standing = standings.standings.get((module.label, task.task))
            if standing and standing.entry.reason and not standing.not_run:
                key = (module.label, standing.entry.reason)
                _join(found, key, "failure", task.task)
    return found


def published_notes(standings: Leaderboard) -> dict[tuple[str, str], Remark]:
    """By (published row, note)."""
    found: dict[tuple[str, str], Remark] = {}
    for task, scores in standings.published.items():
        for score in scores:
            if score.note:
                _join(found, (score.model, score.note), "published-note", task)
    return found


def _join(found: dict[tuple[str, str], Remark], key: tuple[str, str], name: str, task: str) -> None:
    label, text = key
    remark = found.setdefault(key, Remark(f"{name}-{len(found) + 1}", label, text))
    remark.tasks.append(task)
