"""The answer first: title and leaders, from results whose answer is known."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.protocol import Protocol
from benchmark.report.headline import leaders
from benchmark.report.standings import read_leaderboard
from benchmark.results.cells import TaskFacts
from tests.benchmark.report.demo import demo_standings, empty_standings, failed_demo
from tests.benchmark.report.results_folders import (
    FLOOR,
    OTHER,
    OURS,
    PITCH,
    SCENES,
    hit,
    write_cell,
)

ESC50 = TaskFacts("esc50-v2.0.0-full", "scene", "top1_acc")


def _said(folder: Path) -> dict[str, str]:
    return {
        leader.family: f"{leader.name} {leader.sentences}"
        for leader in leaders(read_leaderboard([folder]))
    }


def test_a_lead_that_may_be_chance_and_one_that_is_not(tmp_path: Path) -> None:
    for module, scene, pitch in ((OURS, 90, 95), (OTHER, 88, 60), (FLOOR, 20, 10)):
        write_cell(tmp_path, module, SCENES, hit((scene, 100)))
        write_cell(tmp_path, module, PITCH, hit((pitch, 100)))
    said = _said(tmp_path)
    assert said["scene"].startswith("ours has the best score of 3 rows, 0.900 (95 % interval 0.8")
    assert said["scene"].endswith(
        "One other row is not told apart from it, so its lead may be chance."
    )
    assert said["pitch"].endswith("The tests put it ahead of every other row.")


def test_several_tasks_count_where_nobody_is_better_and_where_it_leads_alone(
    tmp_path: Path,
) -> None:
    tasks = [replace(SCENES, task=f"scenes{i}-v1") for i in range(3)]
    for module, scores in ((OURS, (90, 90, 30)), (OTHER, (40, 89, 60)), (FLOOR, (10, 10, 10))):
        for task, hits in zip(tasks, scores, strict=True):
            write_cell(tmp_path, module, task, hit((hits, 100)))
    said = _said(tmp_path)["scene"]
    assert "ours has the best mean rank of 3 rows with all 3 tasks." in said
    assert (
        "No row is significantly better on 2 of them; on 1 it is ahead of every other row." in said
    )


@pytest.mark.parametrize(
    ("third", "shared"),
    [(80, "other shares with ours"), (90, "logmel shares with 2 other rows")],
)
def test_equal_rows_share_the_lead(tmp_path: Path, third: int, shared: str) -> None:
    for module, hits in ((OURS, 90), (OTHER, 90), (FLOOR, third)):
        write_cell(tmp_path, module, SCENES, hit((hits, 100)))
    assert _said(tmp_path)["scene"].startswith(f"{shared} the best score of 3 rows, 0.900 (95 %")


@pytest.mark.usefixtures("of_any_size")
def test_published_scores_lead_where_they_are_higher(tmp_path: Path) -> None:
    write_cell(tmp_path, OURS, ESC50, hit((69, 100)), Protocol("default"))
    one = _said(tmp_path)["scene"]
    assert one.startswith("RedRice ced_base (published) has the best score of 35 rows, 0.966.")
    assert one.endswith("It lies beyond the 95 % interval of every row run here.")
    write_cell(tmp_path, OTHER, ESC50, hit((40, 100)), Protocol("default"))
    for module, hits in ((OURS, 90), (OTHER, 40)):
        write_cell(tmp_path, module, SCENES, hit((hits, 100)), Protocol("default"))
    both = _said(tmp_path)["scene"]
    assert both.startswith("ours has the best mean rank of 2 rows with both tasks.")
    assert "RedRice ced_base (published), 0.966, on esc50-v2.0.0-full." in both


@pytest.mark.parametrize("board", [empty_standings, failed_demo])
def test_nobody_leads_where_there_are_no_scores(board) -> None:  # type: ignore[no-untyped-def]
    assert leaders(board()) == []


def test_a_title_is_what_was_asked_for(tmp_path: Path) -> None:
    write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    assert read_leaderboard([tmp_path], title="Spring").title == "Spring"
    assert demo_standings().title == "Leaderboard: demo"
