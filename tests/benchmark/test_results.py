import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmark.protocol import Protocol
from benchmark.results import (
    Cell,
    Cost,
    FoldScores,
    ModuleFacts,
    TaskFacts,
    better,
    cell_path,
    load_cell,
    save_cell,
)
from benchmark.scores_csv import COLUMNS, write_scores

COST = Cost(8, 10, 50.0, 4.0, 2.5, True, 3.0)
CELL = Cell(
    ModuleFacts("ours", "pkg.ours", "", None, "w", "m", 16000, 1234),
    TaskFacts("esc-v1", "scene", "top1_acc", "synthetic", 3),
    Protocol("faster", 42),
    "task hash",
    None,
    [
        FoldScores("fold00", {"top1_acc": 0.5, "d_prime": math.inf}, 0.6, 3),
        FoldScores("fold01", {"top1_acc": 0.7, "d_prime": 1.0}, 0.7, 5),
        FoldScores("fold02", {"top1_acc": math.nan, "d_prime": 2.0}, 0.5, 1),
    ],
    COST,
    {"lr": 1e-3, "initialization": "xavier_normal_"},
    {"median_filter_ms": 250},
)
FAILED = replace(CELL, reason="It broke.", folds=[], cost=None)


def test_cells_survive_the_disk(tmp_path: Path) -> None:
    for cell in (CELL, FAILED):
        save_cell(tmp_path / "cells" / "cell.json", cell)
        # NaN is not equal to itself, its text is.
        assert repr(load_cell(tmp_path / "cells" / "cell.json")) == repr(cell)
    assert [file.name for file in (tmp_path / "cells").iterdir()] == ["cell.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"schema": 0}'])
def test_unreadable_cells_count_as_absent(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cell.json"
    assert load_cell(path) is None
    path.write_text(content)
    assert load_cell(path) is None


def test_only_a_finished_cell_of_the_same_question_is_kept() -> None:
    assert CELL.answers("m", "task hash", Protocol("faster", 42))
    assert not CELL.answers("other", "task hash", Protocol("faster", 42))
    assert not CELL.answers("m", "other", Protocol("faster", 42))
    assert not CELL.answers("m", "task hash", Protocol("fast", 42))
    assert not CELL.answers("m", "task hash", Protocol("faster", 43))
    assert not CELL.answers("m", "task hash", Protocol("faster", 42, version=0))
    assert not FAILED.answers("m", "task hash", Protocol("faster", 42))


def test_means_and_deviations_are_those_of_pandas() -> None:
    frame = pd.DataFrame([fold.scores for fold in CELL.folds])
    assert CELL.mean("top1_acc") == CELL.primary == pytest.approx(frame["top1_acc"].mean())
    assert CELL.std("top1_acc") == pytest.approx(frame["top1_acc"].std())
    assert CELL.mean("d_prime") == math.inf
    assert math.isnan(CELL.std("d_prime") or 0)
    assert replace(CELL, folds=CELL.folds[:1]).std("top1_acc") is None
    assert FAILED.primary is None


def test_better_knows_errors_from_scores() -> None:
    lower = ["segment_1s_er", "segment_1s_er_error_rate", "test_loss"]
    assert {better(score) for score in lower} == {"lower"}
    assert {better(score) for score in ("top1_acc", "event_onset_50ms_fms")} == {"higher"}


def test_cell_paths_tell_checkpoints_apart() -> None:
    def name(spec: str) -> str:
        return cell_path(Path("out"), spec, "esc-v1", Protocol("fast", 1, "exact")).name

    assert name("pkg.ours") == "pkg.ours__esc-v1__fast-1-exact.json"
    names = {name(spec) for spec in ("pkg.ours", "pkg.ours=a/b.pt", "pkg.ours=a_b.pt", "pkg=ours")}
    assert len(names) == 4
    assert all("/" not in each for each in names)


def test_scores_csv(tmp_path: Path) -> None:
    single = replace(CELL, folds=[FoldScores("test", {"top1_acc": 1.0, "mAP": 0.25}, 0.9, 4)])
    write_scores(tmp_path / "scores.csv", [CELL, single, FAILED])
    table = pd.read_csv(tmp_path / "scores.csv")
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == (3 + 1) * 2 + 2 + 1
    means = table[table.fold == "mean"]
    primary = means[means.is_primary.astype(str) == "True"]
    np.testing.assert_allclose(primary.value, [0.6, 1.0])
    np.testing.assert_allclose(primary["std"], [0.2 / np.sqrt(2), np.nan])
    np.testing.assert_allclose(primary.epoch, [3.0, 4.0])
    folds = table[table.score == "top1_acc"].fold.tolist()
    assert folds == ["fold00", "fold01", "fold02", "mean", "mean"]
    assert (means.audio_seconds_per_second == 20).all()
    assert (means.embedding_size == 8).all()
    failed = table[table.status == "failed"].iloc[0]
    assert failed.reason == "It broke."
    assert pd.isna(failed.value)


def test_the_columns_are_documented_for_readers() -> None:
    text = (Path(__file__).parents[2] / "results" / "README.md").read_text()
    for column, meaning in COLUMNS.items():
        assert f"| `{column}` | {meaning} |" in text
