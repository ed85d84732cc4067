"""Boards read back from their tables give the committed short table and the committed page."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.report.seed_groups import WantedGroups
from benchmark.report.standings import read_leaderboard
from benchmark.report.tables.markdown import short_markdown
from benchmark.report.tables.over_seeds import SEEDS_HEAD
from benchmark.report.write import markdown_with_seeds, write_report
from tests import ROOT
from tests.bench.committed_boards import read_board
from tests.benchmark.report.results_folders import OURS, PITCH, SCENES, hit, write_cell

BOARDS = sorted(path.parent.name for path in (ROOT / "results").glob("*/leaderboard_short.md"))


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_what_its_tables_tell(name: str) -> None:
    folder = ROOT / "results" / name
    board = read_board(folder)
    assert short_markdown(board) == (folder / "leaderboard_short.md").read_text(encoding="utf-8")
    page = (folder / "leaderboard.html").read_text(encoding="utf-8")
    assert f"<h1>{board.title}</h1>" in page


def test_groups_over_training_seeds_are_read_back(tmp_path: Path) -> None:
    for label, hits in {
        "multi-0": 88,
        "multi-1": 90,
        "cola-0": 60,
        "cola-1": 62,
        "one": 70,
    }.items():
        module = replace(OURS, label=label, checkpoint=label, weights_hash=label)
        for task in (SCENES, PITCH):
            write_cell(tmp_path, module, task, hit((hits, 100)))
    groups = WantedGroups({"multi": ["multi-*"], "cola": ["cola-*"], "one": ["one"]})
    board = read_leaderboard([tmp_path], groups=groups)
    write_report(board, tmp_path)
    written = (tmp_path / "leaderboard.md").read_text(encoding="utf-8")
    assert (
        markdown_with_seeds(read_board(tmp_path)).split(SEEDS_HEAD)[1]
        == written.split(SEEDS_HEAD)[1]
    )
