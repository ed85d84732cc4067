"""One row with every task has nothing to be set against: a dash, not 0.000 and rank 1.0."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from benchmark.cli.terminal_table import print_standings
from benchmark.report.standings import Leaderboard, read_leaderboard
from benchmark.report.write import TABLES
from tests.benchmark.report.results_folders import OTHER, OURS, PITCH, SCENES, hit, write_cell

pytestmark = pytest.mark.usefixtures("of_any_size")


@pytest.fixture(params=["alone", "one complete of two"])
def board(tmp_path: Path, request: pytest.FixtureRequest) -> Leaderboard:
    write_cell(tmp_path, OURS, SCENES, hit((20, 30)))
    write_cell(tmp_path, OURS, PITCH, hit((21, 30)))
    if request.param != "alone":
        write_cell(tmp_path, OTHER, SCENES, hit((10, 30)))
    return read_leaderboard([tmp_path])


def test_no_table_page_or_terminal_has_the_number(board: Leaderboard) -> None:
    for name, write in TABLES.items():
        text = re.sub(r"<(script|style).*?</\1>", "", write(board), flags=re.DOTALL)
        assert not re.search(r"[^\d]0\.000?\b|1\.0<br>\[|[>,]1\.0[<,]", text), name
    text = TABLES["leaderboard.md"](board)
    assert re.search(r"^\| ours \| – \| – \| ", text, re.MULTILINE)
    assert "ours is the only one, and has a dash" in text
    assert "ours is the only one, and has a dash" in TABLES["leaderboard.html"](board)
    out = io.StringIO()
    print_standings(Console(file=out, width=200), board)
    assert re.search(r"│ ours .*│ +– │", out.getvalue())
    assert "0.00" not in out.getvalue()


def test_a_second_complete_row_brings_the_number_back(tmp_path: Path) -> None:
    for module, hits in ((OURS, 20), (OTHER, 10)):
        write_cell(tmp_path, module, SCENES, hit((hits, 30)))
        write_cell(tmp_path, module, PITCH, hit((hits, 30)))
    board = read_leaderboard([tmp_path])
    found = board.overall_of("ours")
    assert found
    assert (found.normalised, found.mean_rank) == pytest.approx((1.0, 1.0))
