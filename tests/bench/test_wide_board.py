"""The made-up board is one that `msbench report` takes, and that published rows join."""

from pathlib import Path

import pytest

from benchmark.report.standings import read_leaderboard
from benchmark.tasks.catalogue.hear_tasks import hear_tasks
from tests.bench.wide_board import main, write_board


def test_a_report_has_all_rows_with_intervals_and_the_published_ones(tmp_path: Path) -> None:
    main(["--rows", "3", "--tasks", "4", "--clips", "40", "--out", str(tmp_path / "board")])
    board = read_leaderboard([tmp_path / "board"])
    assert board.failures == []
    assert {task.task for task in board.board.tasks} == {task.task for task in hear_tasks()[:4]}
    assert "event" in {task.family for task in board.board.tasks}
    scores = [
        board.score(row.label, task.task)
        for row in board.board.modules
        for task in board.board.tasks
    ]
    assert len(scores) == 12
    for score in scores:
        assert score.value is not None and score.low is not None and score.high is not None
        assert 0 < score.low <= score.value <= score.high <= 1
    assert all(len(rows) > 10 for rows in board.published.values())
    # A score that its predictions do not give makes its cell one.
    assert not any("damaged" in caution for caution in board.cautions)


def test_equal_calls_write_equal_bytes(tmp_path: Path) -> None:
    for name in "ab":
        write_board(tmp_path / name, rows=1, tasks=1, clips=20)
    a, b = (sorted((tmp_path / name / "cells").iterdir()) for name in "ab")
    assert [path.read_bytes() for path in a] == [path.read_bytes() for path in b]
    with pytest.raises(ValueError, match="has cells already"):
        write_board(tmp_path / "a", rows=1, tasks=1)


@pytest.mark.parametrize("tasks", ["0", "20"])
def test_hear_has_19_tasks(tmp_path: Path, tasks: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--tasks", tasks, "--out", str(tmp_path)])
    assert "1 to 19 tasks" in capsys.readouterr().err
