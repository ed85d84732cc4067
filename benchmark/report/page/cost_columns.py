"""The page's columns of costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmark.report.numbers import count_text, speed_text
from benchmark.report.page.cell import Order, PageCell, PageColumn, PageRow
from benchmark.report.page.numbers import NONE, memory_text
from benchmark.report.standings import Standings
from benchmark.results.cells import ModuleFacts, peak_memory, speed


def cost_columns(standings: Standings, rows: Sequence[PageRow]) -> list[PageColumn]:
    """Parameters, embedding sizes, speed and memory; published rows have none of them."""
    board = standings.board
    own = {module.label: module for module in board.modules}
    modules = [None if row.published else own[row.label] for row in rows]

    def column(
        title: str, subtitle: str, first: Order, cell: Callable[[ModuleFacts], PageCell]
    ) -> PageColumn:
        cells = [cell(module) if module else PageCell(NONE) for module in modules]
        return PageColumn("cost", title, subtitle, first, cells)

    return [
        column("parameters", "", "ascending", _parameters),
        column("embedding size", "scene / frame", "ascending", _embedding_size),
        column(
            "speed",
            "audio\N{NO-BREAK SPACE}s\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}s",
            "descending",
            lambda m: _speed(speed(board.cells(m))),
        ),
        column("peak memory", "", "ascending", lambda m: _memory(peak_memory(board.cells(m)))),
    ]


def _parameters(module: ModuleFacts) -> PageCell:
    return PageCell(count_text(module.parameters) or NONE, module.parameters)


def _embedding_size(module: ModuleFacts) -> PageCell:
    """Of a scene, and of a frame where it differs; sorted by the scene's."""
    sizes = [module.scene_embedding_size, module.timestamp_embedding_size]
    known = dict.fromkeys(size for size in sizes if size is not None)
    return PageCell(" / ".join(map(str, known)) or NONE, next(iter(known), None))


def _speed(value: float | None) -> PageCell:
    return PageCell(speed_text(value) or NONE, value)


def _memory(value: int | None) -> PageCell:
    return PageCell(memory_text(value) or NONE, value)
