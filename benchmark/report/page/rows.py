"""The page's rows: models run here, then published ones."""

from __future__ import annotations

from benchmark.models.specs import FLOORS
from benchmark.published import published_label
from benchmark.report.page.cell import PageRow
from benchmark.report.standings import Standings


def page_rows(standings: Standings) -> list[PageRow]:
    """Own rows in the order of the board, then published ones in the order of the leaderboard."""
    own = [
        PageRow(module.label, module.label, floor=module.module in FLOORS)
        for module in standings.board.modules
    ]
    published = {
        score.model: PageRow(
            label=published_label(score.model),
            name=score.model,
            published=True,
            url=_web(score.url),
            submitted=score.submitted,
        )
        for scores in standings.published.values()
        for score in scores
    }
    return [*own, *published.values()]


def _web(url: str) -> str:
    """The address if it is one of the web: no link of the page may run a script."""
    return url if url.startswith(("https://", "http://")) else ""
