import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.protocol import Protocol
from benchmark.report.standings import read_leaderboard
from benchmark.report.tables import long as long_csv
from benchmark.report.tables import pairs as pairs_csv
from benchmark.report.tables.wide import wide_csv
from benchmark.results.cells import TaskFacts
from tests import ROOT
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


def _read(text: str) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(text)))
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


def _documented(file: str) -> str:
    text = (ROOT / "results" / "README.md").read_text()
    return text.split(f"## Columns of `{file}`")[1].split("## Columns of")[0]


def test_wide_has_full_precision_intervals_ranks_and_blanks(tmp_path: Path) -> None:
    licensed = replace(OURS, licence="MIT")
    write_cell(tmp_path, licensed, SCENES, hit((20, 30)))
    write_cell(tmp_path, licensed, PITCH, hit((30, 30)))
    write_cell(tmp_path, FLOOR, SCENES, hit((1, 30)))
    write_failure(tmp_path, FLOOR, PITCH, "broke")
    standings = read_leaderboard([tmp_path])
    ours, floor = _read(wide_csv(standings))
    assert float(ours["scenes-v1:top1_acc"]) == 2 / 3
    interval = standings.standings["ours", "scenes-v1"].interval
    assert (
        float(ours["scenes-v1:top1_acc:low"]),
        float(ours["scenes-v1:top1_acc:high"]),
    ) == interval
    assert (ours["scenes-v1:top1_acc:rank_first"], ours["scenes-v1:top1_acc:rank_last"]) == (
        "1",
        "1",
    )
    assert (floor["scenes-v1:top1_acc:rank_first"], floor["label"]) == ("2", "logmel")
    assert floor["pitch-v1:pitch_acc"] == floor["pitch-v1:pitch_acc:low"] == ""
    assert floor["normalised_score"] == ""
    assert (ours["normalised_score"], ours["mean_rank"]) == ("", "")  # alone
    assert (ours["licence"], floor["licence"]) == ("MIT", "")
    assert (ours["audio_seconds_per_second"], ours["peak_memory_bytes"]) == ("20.0", "700000000")
    assert (ours["grid"], ours["seeds"], ours["source"]) == ("default", "42", "run")
    assert not any("std" in column for column in ours)


def test_wide_has_deviations_where_there_are_several(tmp_path: Path) -> None:
    for seed, hits in ((42, 15), (43, 21)):
        protocol = Protocol("default", seed)
        write_cell(tmp_path, OURS, PITCH, hit((hits, 30)), protocol)
        write_cell(tmp_path, OURS, SCENES, hit((15, 30), (21, 30)), protocol)
    (row,) = _read(wide_csv(read_leaderboard([tmp_path])))
    assert row["seeds"] == "42 43"
    assert float(row["pitch-v1:pitch_acc"]) == pytest.approx(0.6)
    assert float(row["pitch-v1:pitch_acc:std_seeds"]) == pytest.approx(math.sqrt(0.02))
    assert float(row["scenes-v1:top1_acc:std_folds"]) == pytest.approx(math.sqrt(0.02))
    assert float(row["scenes-v1:top1_acc:std_seeds"]) == pytest.approx(0)
    assert "pitch-v1:pitch_acc:std_folds" not in row
    documented = _documented("leaderboard.csv")
    for column in row:
        general = column.replace("scenes-v1:top1_acc", "TASK:SCORE")
        assert f"`{general.replace('pitch-v1:pitch_acc', 'TASK:SCORE')}`" in documented


def test_long_tells_where_every_score_is_from(tmp_path: Path) -> None:
    for seed in (42, 43):
        protocol = Protocol("default", seed)
        write_cell(tmp_path, OURS, ESC50, hit((20, 30)), protocol, command="msbench run x")
    write_cell(tmp_path, OTHER, PITCH, hit((1, 30)))
    write_failure(tmp_path, FLOOR, PITCH, "broke, badly")
    rows = _read(long_csv.long_csv(read_leaderboard([tmp_path])))
    assert list(rows[0]) == list(long_csv.COLUMNS)
    found = {(row["label"], row["task"]): row for row in rows}
    ours = found["ours", ESC50.task]
    assert float(ours["value"]) == 2 / 3
    assert float(ours["low"]) < 2 / 3 < float(ours["high"])
    assert (ours["seeds"], ours["std_seeds"], ours["std_folds"]) == ("42 43", "0.0", "")
    assert (ours["weights_hash"], ours["module_hash"], ours["command"]) == (
        "w1",
        "m1",
        "msbench run x",
    )
    assert len(ours["predictions_hash"].split()) == 2
    assert (ours["machine"], ours["date"]) == ("box", "2026-01-01T00:00:00+00:00")
    assert found["ours", PITCH.task]["status"] == "not run"
    failed = found["logmel", PITCH.task]
    assert (failed["status"], failed["reason"], failed["value"]) == ("failed", "broke, badly", "")
    published = [row for row in rows if row["source"] == "published"]
    assert len(published) == 34
    assert all(row["url"] and row["submitted"] and not row["low"] for row in published)
    wide = _read(wide_csv(read_leaderboard([tmp_path])))
    assert [row["source"] for row in wide] == ["run"] * 3 + ["published"] * 34


def test_pairs_are_the_tests_behind_the_ranks(tmp_path: Path) -> None:
    write_cell(tmp_path, OURS, SCENES, hit((90, 100)))
    write_cell(tmp_path, OTHER, SCENES, hit((88, 100)))
    write_cell(tmp_path, replace(FLOOR, module="z"), SCENES, hit((20, 100)))
    rows = _read(pairs_csv.pairs_csv(read_leaderboard([tmp_path])))
    assert list(rows[0]) == list(pairs_csv.COLUMNS)
    assert [(row["a"], row["b"], row["better"]) for row in rows] == [
        ("ours", "other", ""),
        ("ours", "logmel", "a"),
        ("other", "logmel", "a"),
    ]
    assert (float(rows[0]["value_a"]), float(rows[0]["value_b"])) == (0.9, 0.88)
    assert float(rows[1]["p"]) == 1 / 2001
    assert float(rows[1]["p_holm"]) == 3 / 2001


@pytest.mark.parametrize(
    ("file", "columns"),
    [("leaderboard_long.csv", long_csv.COLUMNS), ("leaderboard_pairs.csv", pairs_csv.COLUMNS)],
)
def test_columns_are_documented_for_readers(file: str, columns: dict[str, str]) -> None:
    documented = _documented(file)
    for column, meaning in columns.items():
        assert f"| `{column}` | {meaning} |" in documented
