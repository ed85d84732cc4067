"""Boards read back from their tables give the committed short table and the committed page."""

import pytest

from benchmark.report.tables.markdown import short_markdown
from tests import ROOT
from tests.bench.committed_boards import read_board

BOARDS = sorted(path.parent.name for path in (ROOT / "results").glob("*/leaderboard_short.md"))


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_what_its_tables_tell(name: str) -> None:
    folder = ROOT / "results" / name
    board = read_board(folder)
    assert short_markdown(board) == (folder / "leaderboard_short.md").read_text(encoding="utf-8")
    page = (folder / "leaderboard.html").read_text(encoding="utf-8")
    assert f"<h1>{board.title}</h1>" in page
