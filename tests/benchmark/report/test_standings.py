from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.protocol import Protocol
from benchmark.report.published import published_label
from benchmark.report.standings import read_leaderboard
from benchmark.results.cell_files import predictions_path
from benchmark.results.cells import Cell, TaskFacts
from benchmark.results.leaderboard import NOT_RUN
from tests.benchmark.report.results_folders import (
    FLOOR,
    OTHER,
    OURS,
    PITCH,
    SCENES,
    hit,
    write_cell,
    write_failure,
)

ESC50 = TaskFacts("esc50-v2.0.0-full", "scene", "top1_acc")

# Small results stand for whole tasks of HEAR.
pytestmark = pytest.mark.usefixtures("of_any_size")


def _bounds_by_hand(hits: int, clips: int) -> tuple[float, float]:
    """Percentiles of 100 000 resampled accuracies, drawn as a binomial."""
    draws = np.random.default_rng(1).binomial(clips, hits / clips, 100_000) / clips
    return tuple(np.quantile(draws, [0.025, 0.975]))


def test_intervals_and_ranks(tmp_path: Path) -> None:
    write_cell(tmp_path, OURS, SCENES, hit((90, 100)))
    write_cell(tmp_path, OTHER, SCENES, hit((88, 100)))
    write_cell(tmp_path, FLOOR, SCENES, hit((20, 100)))
    standings = read_leaderboard([tmp_path])
    assert [module.label for module in standings.board.modules] == ["ours", "other", "logmel"]
    for label, hits in (("ours", 90), ("other", 88), ("logmel", 20)):
        interval = standings.standings[label, SCENES.task].interval
        assert interval == pytest.approx(_bounds_by_hand(hits, 100), abs=0.011)
    ranks = {label: standings.standings[label, SCENES.task].ranks for label in ("ours", "other")}
    assert ranks == {"ours": (1, 2), "other": (1, 2)}
    assert standings.standings["logmel", SCENES.task].ranks == (3, 3)
    # Two clips differ. With k of them among the drawn, of mean 2, a difference as large as 0.02 is
    # as far from 0.02 where k is 0 or above 3: binomial, 0.133 + 0.141.
    tests = standings.comparisons[SCENES.task]
    first, second = tests.models.index("ours"), tests.models.index("other")
    assert tests.p[first, second] == pytest.approx(0.133 + 0.141, abs=0.03)
    assert standings.overall == []
    assert standings.title == "Audio embeddings on scenes-v1: 3 models, 1 January 2026"
    assert standings.cautions == []


def test_overall_is_the_standardised_and_clamped_mean_by_hand(tmp_path: Path) -> None:
    for module, scene, pitch in ((OURS, 80, 60), (OTHER, 60, 40), (FLOOR, 10, 50)):
        write_cell(tmp_path, module, SCENES, hit((scene, 100)))
        write_cell(tmp_path, module, PITCH, hit((pitch, 100)))
    standings = read_leaderboard([tmp_path])
    # Scenes: mean 0.5, std sqrt((0.09 + 0.01 + 0.16) / 3); pitch: mean 0.5, std sqrt(0.02 / 3).
    scene_std = (0.26 / 3) ** 0.5
    expected = {"ours": (1 + 1) / 2, "other": (0.1 / scene_std - 1) / 2, "logmel": (-1 + 0) / 2}
    assert [overall.model for overall in standings.overall] == ["ours", "other", "logmel"]
    for overall in standings.overall:
        assert overall.normalised == pytest.approx(expected[overall.model])
    assert [overall.mean_rank for overall in standings.overall] == [1, 2.5, 2.5]
    found = standings.overall_of("other")
    assert found and found.normalised_interval.low < found.normalised
    assert found.normalised < found.normalised_interval.high


def test_the_interval_of_several_seeds_is_that_of_their_mean(tmp_path: Path) -> None:
    # Opposite hits: the mean over seeds is 0.5 on every clip, whatever is drawn.
    hits = np.arange(60) < 40
    for seed, of_seed in ((42, hits), (43, ~hits)):
        write_cell(tmp_path, OURS, SCENES, [of_seed.tolist()], Protocol("default", seed))
        write_cell(tmp_path, OTHER, SCENES, [hits.tolist()], Protocol("default", seed))
    standings = read_leaderboard([tmp_path])
    assert standings.board.seeds == [42, 43]
    ours = standings.standings["ours", SCENES.task]
    assert ours.entry.primary == ours.interval.low == ours.interval.high == 0.5
    other = standings.standings["other", SCENES.task]
    assert other.interval == pytest.approx(_bounds_by_hand(40, 60), abs=0.018)


def test_a_seed_that_only_some_have_is_said(tmp_path: Path) -> None:
    write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    write_cell(tmp_path, OURS, SCENES, hit((9, 30)), Protocol("default", 43))
    write_cell(tmp_path, OTHER, SCENES, hit((9, 30)))
    (caution,) = read_leaderboard([tmp_path]).cautions
    assert caution == "other on scenes-v1 was run with seed 42 only."


def test_folds_are_resampled_within_themselves(tmp_path: Path) -> None:
    # One fold all hits, one none: no resample within folds moves the mean.
    write_cell(tmp_path, OURS, SCENES, hit((30, 30), (0, 30)))
    standing = read_leaderboard([tmp_path]).standings["ours", SCENES.task]
    assert standing.interval == (0.5, 0.5)
    assert standing.ranks is None  # a row alone has no rank


def test_rows_and_columns_of_several_folders_are_one_table(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_cell(first, OURS, SCENES, hit((9, 30)))
    write_cell(first, OTHER, SCENES, hit((8, 30)))
    write_cell(second, OURS, PITCH, hit((7, 30)))
    write_cell(second, OURS, SCENES, hit((9, 30)), date="later")  # identical: once
    standings = read_leaderboard([first, second])
    assert standings.title == "Audio embeddings on 2 tasks: 2 models, 1 January 2026"
    assert [task.task for task in standings.board.tasks] == ["scenes-v1", "pitch-v1"]
    assert len(standings.board.entries["ours", "scenes-v1"].cells) == 1
    lacking = standings.standings["other", "pitch-v1"]
    assert lacking.not_run
    assert lacking.entry.reason == NOT_RUN
    assert (lacking.interval, lacking.ranks) == (None, None)
    assert standings.standings["ours", "pitch-v1"].ranks is None
    assert [overall.model for overall in standings.overall] == ["ours"]


def test_failures_keep_their_reason_until_a_finished_cell_replaces_them(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_cell(first, OURS, SCENES, hit((9, 30)))
    write_failure(first, OTHER, SCENES, "no such file")
    failed = read_leaderboard([first]).standings["other", "scenes-v1"]
    assert failed.entry.reason == "no such file"
    assert not failed.not_run
    assert (failed.interval, failed.ranks) == (None, None)
    write_cell(second, OTHER, SCENES, hit((8, 30)))
    for folders in ([first, second], [second, first]):
        assert read_leaderboard(folders).standings["other", "scenes-v1"].ranks == (1, 2)


def test_a_failure_does_not_hide_what_the_task_is(tmp_path: Path) -> None:
    unreadable = TaskFacts("scenes-v1")  # as of a run whose task could not be read
    write_failure(tmp_path, FLOOR, unreadable, "broken metadata")
    write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    standings = read_leaderboard([tmp_path])
    assert [task.family for task in standings.board.tasks] == ["scene"]
    assert standings.board.entries["logmel", "scenes-v1"].task.score == "top1_acc"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"protocol": Protocol("fast")}, "different protocols (grid default and fast)"),
        ({"protocol": Protocol("default", mode="exact")}, "protocols (mode fast and exact)"),
        ({"embedding_dtype": "float16"}, "protocols (embeddings float32 and float16)"),
        ({"task_hash": "changed"}, "different versions of the task scenes-v1"),
        ({"module": replace(OURS, module_hash="m9")}, "different weights or code of ours"),
        ({"folds": hit((8, 30))}, "different scores for the same module, task and seed"),
    ],
)
def test_conflicts_name_both_files(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    a = write_cell(tmp_path / "a", OURS, SCENES, hit((9, 30)))
    asked = {"module": OURS, "folds": hit((9, 30)), **changes}
    module, folds = asked.pop("module"), asked.pop("folds")
    b = write_cell(tmp_path / "b", module, SCENES, folds, **asked)
    with pytest.raises(ValueError) as error:
        read_leaderboard([tmp_path / "a", tmp_path / "b"])
    message = str(error.value)
    assert said in message
    assert str(a) in message
    assert str(b) in message
    assert "\n" not in message


def test_two_checkpoints_of_one_label_are_two_rows(tmp_path: Path) -> None:
    write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    write_cell(tmp_path, replace(OURS, checkpoint="x.pt", module_hash="m9"), SCENES, hit((8, 30)))
    labels = [module.label for module in read_leaderboard([tmp_path]).board.modules]
    assert labels == ["ours", "ours (pkg.ours=x.pt)"]


@pytest.mark.parametrize("damage", ["absent", "damaged", "of another cell"])
def test_without_its_predictions_a_cell_has_no_interval(tmp_path: Path, damage: str) -> None:
    path = write_cell(tmp_path, OURS, SCENES, hit((30, 30)))
    other = write_cell(tmp_path, OTHER, SCENES, hit((9, 30)))
    write_cell(tmp_path, FLOOR, SCENES, hit((1, 30)))
    predictions = predictions_path(path)
    if damage == "absent":
        predictions.unlink()
    else:
        found = predictions_path(other).read_bytes()
        predictions.write_bytes(found[:100] if damage == "damaged" else found)
    standings = read_leaderboard([tmp_path])
    ours = standings.standings["ours", "scenes-v1"]
    assert ours.entry.primary == 1
    assert (ours.interval, ours.ranks) == (None, None)
    assert standings.standings["other", "scenes-v1"].ranks == (1, 1)
    (caution,) = standings.cautions
    assert caution.startswith("Without interval and left out of ranks: ours (scenes-v1): ")
    assert (predictions.name if damage != "absent" else "no predictions") in caution


def test_published_rows_join_under_hears_protocol_only(tmp_path: Path) -> None:
    write_cell(tmp_path / "hear", OURS, ESC50, hit((9, 30)))
    write_cell(tmp_path / "quick", OURS, ESC50, hit((9, 30)), Protocol("fast"))
    write_cell(tmp_path / "strict", OURS, ESC50, hit((9, 30)), Protocol("default", rules="strict"))
    joined = read_leaderboard([tmp_path / "hear"])
    assert len(joined.published[ESC50.task]) == 34
    assert any("not run here" in caution for caution in joined.cautions)
    for folder in ("quick", "strict"):
        apart = read_leaderboard([tmp_path / folder])
        assert apart.published == {ESC50.task: []}
        assert apart.cautions == []


def test_published_rows_are_in_the_overall_score_if_they_have_every_task(tmp_path: Path) -> None:
    vox = TaskFacts("vox_lingua_top10-hear2021-full", "scene", "top1_acc")
    write_cell(tmp_path, OURS, ESC50, hit((30, 30)))
    write_cell(tmp_path, OURS, vox, hit((30, 30)))
    overall = read_leaderboard([tmp_path]).overall
    assert len(overall) == 35
    without = {row.model for row in overall if np.isnan(row.normalised_interval.low)}
    assert without == {row.model for row in overall} - {"ours"}
    assert overall[0].model == "ours"
    assert published_label("OpenL3") in {row.model for row in overall}
    write_cell(tmp_path, OURS, PITCH, hit((30, 30)))
    assert [row.model for row in read_leaderboard([tmp_path]).overall] == ["ours"]


def test_other_machines_are_said(tmp_path: Path) -> None:
    write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    write_cell(tmp_path, OTHER, SCENES, hit((9, 30)), machine="another box")
    (caution,) = read_leaderboard([tmp_path]).cautions
    assert "different machines" in caution


def test_no_results_and_unreadable_ones_are_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no results"):
        read_leaderboard([tmp_path])
    path = write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    path.write_text(path.read_text().replace(f'"schema": {Cell.schema}', '"schema": 0'))
    with pytest.raises(ValueError, match="cannot be read"):
        read_leaderboard([tmp_path])
    write_cell(tmp_path, OTHER, SCENES, hit((9, 30)))
    (caution,) = read_leaderboard([tmp_path]).cautions
    assert path.name in caution


def test_what_is_wrong_with_an_edited_cell_is_said_once(tmp_path: Path) -> None:
    write_cell(tmp_path, OTHER, SCENES, hit((9, 30)))
    path = write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    path.write_text(path.read_text().replace('"epoch": 3', '"epoch": "three"'))
    (caution,) = read_leaderboard([tmp_path]).cautions
    assert f"{path}: key folds[0].epoch is 'three'; expected a whole number" in caution


def test_what_an_earlier_protocol_left_in_the_folder_does_not_stand_in_the_way(
    tmp_path: Path,
) -> None:
    old = Protocol("default", 42, "exact", version=1)
    write_cell(tmp_path, OURS, SCENES, hit((20, 30)), old)
    assert read_leaderboard([tmp_path]).board.protocol == old
    write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    standings = read_leaderboard([tmp_path])
    assert standings.board.entries["ours", "scenes-v1"].primary == 0.3
    (caution,) = standings.cautions
    assert "1 of 2 cells are of an earlier protocol" in caution


def test_commands_are_in_the_order_of_their_runs(tmp_path: Path) -> None:
    for module, date, command in ((OURS, "2026-02", "b"), (OTHER, "2026-01", "a")):
        write_cell(tmp_path, module, SCENES, hit((9, 30)), date=date, command=command)
    write_cell(tmp_path, FLOOR, SCENES, hit((9, 30)), date="2026-03", command="b")
    assert read_leaderboard([tmp_path]).commands == ["a", "b"]


def test_progress_ends_with_all_tasks_done(tmp_path: Path) -> None:
    for task in (SCENES, PITCH):
        write_cell(tmp_path, OURS, task, hit((9, 30)))
    steps: list[tuple[int, int]] = []
    read_leaderboard([tmp_path], lambda done, total: steps.append((done, total)))
    assert steps == [(0, 2), (1, 2), (2, 2)]


def test_one_caution_for_all_cells_without_predictions(tmp_path: Path) -> None:
    for module in (OURS, OTHER):
        for task in (SCENES, PITCH):
            path = write_cell(tmp_path, module, task, hit((9, 30)))
            if module == OURS or task == PITCH:
                predictions_path(path).unlink()
    standings = read_leaderboard([tmp_path])
    (caution,) = standings.cautions
    assert "ranks: ours (all tasks), other (pitch-v1): no predictions file" in caution
    # Taken as exact, their overall scores would be too certain.
    assert all(np.isnan(row.normalised_interval).all() for row in standings.overall)
    assert all(np.isnan(row.mean_rank_interval).all() for row in standings.overall)
    assert [row.mean_rank for row in standings.overall] == [1.5, 1.5]
