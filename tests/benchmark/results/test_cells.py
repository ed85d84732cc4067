import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmark.protocol import Protocol
from benchmark.report.tables.scores import COLUMNS, scores_csv
from benchmark.results.cell_files import cell_path, load_cell, predictions_path, save_cell
from benchmark.results.cells import (
    Cell,
    Cost,
    FoldScores,
    ModuleFacts,
    TaskFacts,
    better,
    peak_memory,
)
from benchmark.results.leaderboard import Entry, ResultTable
from tests import ROOT

COST = Cost(8, 10, 50.0, 4.0, 2.5, True, 3.0, 700_000_000)
CELL = Cell(
    ModuleFacts("ours", "pkg.ours", "", None, "w", "m", 16000, 1234),
    TaskFacts("esc-v1", "scene", "top1_acc", "synthetic", 3),
    Protocol("faster", 42),
    "task hash",
    None,
    [
        FoldScores("fold00", {"top1_acc": 0.5, "d_prime": math.inf}, 0.6, 3, {"lr": 1e-3}),
        FoldScores("fold01", {"top1_acc": 0.7, "d_prime": 1.0}, 0.7, 5),
        FoldScores("fold02", {"top1_acc": math.nan, "d_prime": 2.0}, 0.5, 1),
    ],
    COST,
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


def test_a_cell_of_version_1_is_read_and_made_again(tmp_path: Path) -> None:
    facts = asdict(CELL)
    facts |= {"schema": 1, "protocol": {"grid": "faster", "seed": 42, "version": 1}}
    facts |= {"hyperparameters": {"lr": 1e-3}, "postprocessing": {}}
    (tmp_path / "cell.json").write_text(json.dumps(facts))
    cell = load_cell(tmp_path / "cell.json")
    assert cell is not None
    assert not cell.answers(CELL)


def test_predictions_are_there_before_their_cell_and_go_with_it(tmp_path: Path) -> None:
    path = tmp_path / "cells" / "pkg.ours__esc-v1__fast-1.json"
    save_cell(path, CELL, b"predictions")
    assert predictions_path(path).read_bytes() == b"predictions"
    save_cell(path, FAILED)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    predictions_path(path).mkdir()  # cannot be replaced by a file
    with pytest.raises(OSError):
        save_cell(path, CELL, b"predictions")
    assert load_cell(path) == FAILED


def test_only_a_finished_cell_of_the_same_question_is_kept() -> None:
    assert CELL.answers(CELL)
    assert CELL.answers(replace(FAILED, date="later", device="cuda"))
    assert not FAILED.answers(CELL)
    assert not CELL.answers(replace(CELL, module=replace(CELL.module, module_hash="other")))
    assert not CELL.answers(replace(CELL, task_hash="other"))
    assert not CELL.answers(replace(CELL, embedding_dtype="float16"))
    for other in (
        {"grid": "fast"},
        {"seed": 43},
        {"mode": "exact" if Protocol.mode == "fast" else "fast"},
        {"rules": "strict"},
        {"grid_points": 2},
        {"version": 0},
    ):
        assert not CELL.answers(replace(CELL, protocol=replace(CELL.protocol, **other)))


def test_means_and_deviations_are_those_of_pandas() -> None:
    entry = Entry((CELL,))
    frame = pd.DataFrame([fold.scores for fold in CELL.folds])
    assert entry.primary == CELL.primary == pytest.approx(frame["top1_acc"].mean())
    assert entry.std_folds("top1_acc") == pytest.approx(frame["top1_acc"].std())
    assert entry.mean("d_prime") == math.inf
    assert math.isnan(entry.std_folds("d_prime") or 0)
    assert entry.std_seeds("top1_acc") is None
    assert Entry((replace(CELL, folds=CELL.folds[:1]),)).std_folds("top1_acc") is None
    assert Entry((FAILED,)).primary is None


def _seed(seed: int, *values: float) -> Cell:
    folds = [
        FoldScores(f"fold0{i}", {"top1_acc": value}, 0.5, i + seed)
        for i, value in enumerate(values)
    ]
    return replace(CELL, protocol=replace(CELL.protocol, seed=seed), folds=folds)


def test_means_and_deviations_over_seeds_by_hand() -> None:
    entry = Entry((_seed(42, 0.1, 0.3, 0.8), _seed(43, 0.3, 0.5, 0.4)))
    # Seeds: 0.4 and 0.4. Folds: 0.2, 0.4 and 0.6.
    assert entry.primary == pytest.approx(0.4)
    assert entry.std_seeds("top1_acc") == pytest.approx(0)
    assert entry.std_folds("top1_acc") == entry.spread == pytest.approx(0.2)
    single = Entry((_seed(42, 0.5), _seed(43, 0.8), _seed(44, 0.8)))
    assert single.primary == pytest.approx(0.7)
    assert single.std_folds("top1_acc") is None
    # Deviations -0.2, 0.1, 0.1: sqrt(0.06 / 2).
    assert single.std_seeds("top1_acc") == single.spread == pytest.approx(math.sqrt(0.03))


def test_infinite_scores_have_a_mean_and_no_deviation() -> None:
    entry = Entry((_seed(42, math.inf, 1.0), _seed(43, -math.inf, 1.0)))
    assert math.isnan(entry.mean("top1_acc"))
    assert math.isnan(entry.std_seeds("top1_acc") or 0)
    assert math.isnan(entry.std_folds("top1_acc") or 0)


def test_one_failed_seed_fails_the_entry() -> None:
    entry = Entry((_seed(42, 0.5), replace(FAILED, protocol=Protocol("faster", 43))))
    assert entry.reason == "It broke."
    assert entry.primary is None


def test_peak_memory_is_the_largest_that_was_measured() -> None:
    assert peak_memory([CELL, replace(CELL, cost=replace(COST, peak_memory_bytes=9))]) == 7e8
    assert peak_memory([FAILED, replace(CELL, cost=replace(COST, peak_memory_bytes=None))]) is None


def test_better_knows_errors_from_scores() -> None:
    lower = ["segment_1s_er", "segment_1s_er_error_rate", "test_loss"]
    assert {better(score) for score in lower} == {"lower"}
    assert {better(score) for score in ("top1_acc", "event_onset_50ms_fms")} == {"higher"}


def test_cell_paths_tell_checkpoints_and_embeddings_apart() -> None:
    def name(module: str, checkpoint: str = "", dtype: str = "float32") -> str:
        cell = replace(
            CELL,
            module=ModuleFacts("ours", module, checkpoint),
            protocol=Protocol("fast", 1, "exact"),
            embedding_dtype=dtype,
        )
        return cell_path(Path("out"), cell).name

    assert name("pkg.ours") == "pkg.ours__esc-v1__fast-1-exact.json"
    assert name("pkg.ours", dtype="float16") == "pkg.ours__esc-v1__fast-1-exact-float16.json"
    specs = [("pkg.ours",), ("pkg.ours", "a/b.pt"), ("pkg.ours", "a_b.pt"), ("pkg", "ours")]
    names = {name(*spec) for spec in specs}
    assert len(names) == 4
    assert all("/" not in each for each in names)


def _scores(path: Path, *cells: Cell) -> pd.DataFrame:
    path.write_text(scores_csv(ResultTable.of(cells)))
    table = pd.read_csv(path)
    assert list(table.columns) == list(COLUMNS)
    return table


def test_scores_csv(tmp_path: Path) -> None:
    one_split = [FoldScores("test", {"top1_acc": 1.0, "mAP": 0.25}, 0.9, 4)]
    single = replace(CELL, task=replace(CELL.task, task="single-v1", folds=1), folds=one_split)
    broken = replace(FAILED, task=replace(CELL.task, task="broken-v1"))
    table = _scores(tmp_path / "scores.csv", CELL, single, broken)
    assert len(table) == (3 + 1) * 2 + 2 + 1
    means = table[table.fold == "mean"]
    primary = means[means.is_primary.astype(str) == "True"]
    np.testing.assert_allclose(primary.value, [0.6, 1.0])
    np.testing.assert_allclose(primary["std_folds"], [0.2 / np.sqrt(2), np.nan])
    assert table.std_seeds.isna().all()
    np.testing.assert_allclose(primary.epoch, [3.0, 4.0])
    folds = table[table.score == "top1_acc"].fold.tolist()
    assert folds == ["fold00", "fold01", "fold02", "mean", "mean"]
    assert (means.audio_seconds_per_second == 20).all()
    assert (means.embedding_size == 8).all()
    assert (means.peak_memory_bytes == 700_000_000).all()
    asked = table[["protocol", "mode", "rules", "grid", "grid_points", "seed", "embedding_dtype"]]
    protocol = CELL.protocol
    assert (asked == [2, protocol.mode, "published", "faster", 8, 42, "float32"]).all().all()
    failed = table[table.status == "failed"].iloc[0]
    assert failed.reason == "It broke."
    assert pd.isna(failed.value)


def test_scores_csv_has_every_seed_and_the_means(tmp_path: Path) -> None:
    table = _scores(tmp_path / "scores.csv", _seed(42, 0.1, 0.3), _seed(43, 0.3, 0.7))
    columns = ["seed", "fold", "value", "std_folds", "std_seeds", "epoch", "head_seconds"]
    root2 = math.sqrt(2)  # of two values the deviation is their distance by the root of 2
    expected = [
        ["42", "fold00", 0.1, None, None, 42, 3],
        ["42", "fold01", 0.3, None, None, 43, 3],
        ["42", "mean", 0.2, 0.2 / root2, None, 42.5, 3],
        ["43", "fold00", 0.3, None, None, 43, 3],
        ["43", "fold01", 0.7, None, None, 44, 3],
        ["43", "mean", 0.5, 0.4 / root2, None, 43.5, 3],
        ["mean", "fold00", 0.2, None, 0.2 / root2, 42.5, 6],
        ["mean", "fold01", 0.5, None, 0.4 / root2, 43.5, 6],
        ["mean", "mean", 0.35, 0.3 / root2, 0.3 / root2, 43, 6],
    ]
    pd.testing.assert_frame_equal(
        table[columns], pd.DataFrame(expected, columns=columns), check_dtype=False
    )


def test_no_mean_over_seeds_where_one_failed(tmp_path: Path) -> None:
    failed = replace(FAILED, protocol=Protocol("faster", 43))
    table = _scores(tmp_path / "scores.csv", _seed(42, 0.1, 0.3), failed)
    assert table.seed.tolist() == [42, 42, 42, 43]


def test_the_columns_are_documented_for_readers() -> None:
    text = (ROOT / "results" / "README.md").read_text()
    rows = [
        line for line in text.split("## Columns of `scores.csv`")[1].splitlines() if "|" in line
    ]
    assert rows[2:] == [f"| `{column}` | {meaning} |" for column, meaning in COLUMNS.items()]
