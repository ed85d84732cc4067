import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from benchmark.api import fill_and_report
from benchmark.cli.terminal import RunProgress
from benchmark.protocol import Protocol
from benchmark.report.seed_groups import keep_groups
from benchmark.results.cell_files import load_cell, predictions_path
from benchmark.results.cells import Cell
from benchmark.results.leaderboard import ResultTable
from benchmark.results.predictions import ScenePredictions, load_predictions
from benchmark.runner import evaluate_cell
from benchmark.runner.plan import RunPlan
from benchmark.scores import SCENE_SCORES, event_onset_200ms_fms
from benchmark.tasks.find import find_tasks
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task

# Counts calls across loads, in a file beside the module.
COUNT = "from pathlib import Path\nwith Path('calls').open('a') as calls: calls.write('x')"

ALL = ("top1_acc", "mAP")  # scores of the tiny scene tasks


@pytest.fixture
def tasks_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    write_scene_task(tmp_path / "tasks")
    return tmp_path / "tasks"


def _run(
    tasks_dir: Path, *specs: str, grid: str = "faster", seeds: int = 1, dtype: str = "float32"
) -> ResultTable:
    plan = RunPlan(
        specs,
        find_tasks(tasks_dir),
        tasks_dir.parent / "out",
        Protocol(grid, 42),
        seeds=seeds,
        embedding_dtype=dtype,
        command="msbench run x",
    )
    console = Console(width=160)
    with RunProgress(console) as progress:
        return fill_and_report(plan, progress).board


def _calls(modules: Path) -> int:
    path = modules / "calls"
    return len(path.read_text()) if path.exists() else 0


def test_whole_run(tasks_dir: Path, modules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_event_task(tasks_dir)
    name = write_module(modules, extra_init="self.row_label = 'mine'")
    board = _run(tasks_dir, name)
    assert {entry.reason for entry in board.entries.values()} == {None}
    (tiny,) = board.entries["mine", "tiny-v1-full"].cells
    assert tiny.primary == 1.0  # loud and quiet noise: the embedding is the energy
    assert set(tiny.folds[0].scores) == {"top1_acc", "mAP", "test_loss"}
    assert tiny.cost is not None
    assert (tiny.cost.clips, tiny.cost.embedding_size) == (18, 4)
    assert "torch" in tiny.versions
    (events,) = board.entries["mine", "tinyevents-v1-full"].cells
    assert "event_onset_200ms_fms_precision" in events.folds[0].scores
    assert events.folds[0].hyperparameters["max_epochs"] == 10  # of the grid "faster"
    assert 1 <= (tiny.folds[0].steps or 0) <= 10  # one batch; the table says that these are few
    said = "Heads with few optimiser steps"
    assert said in (tasks_dir.parent / "out" / "leaderboard.md").read_text()
    assert set(events.folds[0].postprocessing) == {"median_filter_ms", "min_duration"}
    out = tasks_dir.parent / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "cells",
        "leaderboard.csv",
        "leaderboard.html",
        "leaderboard.md",
        "leaderboard_long.csv",
        "leaderboard_pairs.csv",
        "leaderboard_short.md",
        "scores.csv",
    ]
    assert "Made by `msbench run x`." in (out / "leaderboard.md").read_text()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("mine")
    assert "top1_acc 1.000" in lines[0]


def test_a_second_run_computes_nothing(
    tasks_dir: Path,
    modules: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = write_module(modules, scene=COUNT)
    first = _run(tasks_dir, name)
    calls = _calls(modules)
    monkeypatch.delattr(evaluate_cell, "evaluate_task")
    second = _run(tasks_dir, name)
    assert second == first
    assert _calls(modules) == calls
    assert "finished earlier" in capsys.readouterr().out


def test_kept_groups_are_in_the_tables_of_the_next_run(tasks_dir: Path, modules: Path) -> None:
    name, out = (
        write_module(modules, extra_init="self.row_label = 'mine'"),
        tasks_dir.parent / "out",
    )
    _run(tasks_dir, name)
    assert "Over training seeds" not in (out / "leaderboard.md").read_text()
    keep_groups(out, {"method": ["min*"]})
    _run(tasks_dir, name)
    assert "| method | 1.000<br>" in (out / "leaderboard.md").read_text()
    assert (out / "leaderboard_seeds.csv").exists()


def test_another_grid_uses_the_cached_embeddings(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules, scene=COUNT)
    _run(tasks_dir, name)
    calls = _calls(modules)
    board = _run(tasks_dir, name, grid="fast")
    (entry,) = board.entries.values()
    (cell,) = entry.cells
    assert _calls(modules) == calls
    assert cell.cost is not None
    assert cell.cost.embedding_cached
    assert len(list((tasks_dir.parent / "out" / "cells").glob("*.json"))) == 2


@pytest.mark.parametrize("changed", ["weights", "labels", "audio"])
def test_what_changed_is_made_again(tasks_dir: Path, modules: Path, changed: str) -> None:
    name = write_module(
        modules, scene=COUNT, extra_init="if path: self.load_state_dict(torch.load(path))"
    )
    code = "import torch; torch.save({'weight': torch.ones(4)}, 'one.pt')"
    exec(code)
    _run(tasks_dir, f"{name}=one.pt")
    calls = _calls(modules)
    task = tasks_dir / "tiny-v1-full"
    if changed == "weights":
        exec(code.replace("ones", "zeros"))
    elif changed == "labels":
        labels = (task / "test.json").read_text()
        (task / "test.json").write_text(labels.replace('"quiet"', '"loud"', 1))
    else:
        clip = task / "16000" / "test" / "test1.wav"
        clip.write_bytes(clip.read_bytes()[:-2] + b"\0\1")
    (entry,) = _run(tasks_dir, f"{name}=one.pt").entries.values()
    assert _calls(modules) == 2 * calls
    assert entry.reason is None


def test_seeds_repeat_the_heads_on_the_same_embeddings(
    tasks_dir: Path, modules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Embeddings of little but noise, so that seeds differ.
    noise = "embeddings = torch.sin(1e6 * audio[:, :4]) + embeddings / 10"
    name = write_module(modules, scene=f"{COUNT}\n{noise}")
    (alone,) = _run(tasks_dir, name).entries.values()
    assert _calls(modules) == 3
    (entry,) = _run(tasks_dir, name, seeds=3).entries.values()
    assert _calls(modules) == 3
    assert [cell.protocol.seed for cell in entry.cells] == [42, 43, 44]
    assert entry.cells[0] == alone.cells[0]
    losses = [cell.mean("test_loss") for cell in entry.cells]
    assert len(set(losses)) == 3
    assert entry.mean("test_loss") == pytest.approx(sum(losses) / 3)
    out = tasks_dir.parent / "out"
    assert len(list((out / "cells").glob("*.json"))) == 3
    assert len(list((out / "cells").glob("*.npz"))) == 3
    table = pd.read_csv(out / "scores.csv")
    kept = table[table.score == "test_loss"]
    assert kept.seed.tolist() == ["42", "43", "44", "mean"]
    assert kept.value.tolist() == pytest.approx([*losses, sum(losses) / 3])
    assert "seeds 42, 43, 44" in (out / "leaderboard.md").read_text()
    lines = capsys.readouterr().out.splitlines()
    assert ["seed 42 (finished earlier)" in line for line in lines] == [False, True, False, False]
    assert ["seed 44, embedding cached" in line for line in lines] == [False, False, False, True]


def test_halved_embeddings_are_another_question(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules, scene=COUNT)
    _run(tasks_dir, name)
    (entry,) = _run(tasks_dir, name, dtype="float16").entries.values()
    assert entry.reason is None
    assert _calls(modules) == 6
    assert entry.cells[0].embedding_dtype == "float16"
    assert len(list((tasks_dir.parent / "out" / "cells").glob("*.json"))) == 2
    assert "float16 embeddings" in (tasks_dir.parent / "out" / "leaderboard.md").read_text()


def test_kept_predictions_give_the_cells_scores(tasks_dir: Path, modules: Path) -> None:
    metadata = write_event_task(tasks_dir) / "task_metadata.json"
    trained = {"max_epochs": [60], "patience": [60], "lr": [0.03]}  # until there are events
    facts = {**json.loads(metadata.read_text()), "task_specific_param_grid": trained}
    metadata.write_text(json.dumps(facts))
    write_scene_task(tasks_dir, "folds", split_mode="new_split_kfold", splits=["a", "b", "c"])
    _run(tasks_dir, write_module(modules, timestamp="embeddings = 10 * embeddings"))
    folds = []
    for path in (tasks_dir.parent / "out" / "cells").glob("*.json"):
        cell = load_cell(path)
        assert cell is not None
        file = predictions_path(path)
        assert hashlib.sha256(file.read_bytes()).hexdigest() == cell.predictions_hash
        for fold, scored in zip(load_predictions(file).folds, cell.folds, strict=True):
            folds.append(f"{cell.task.task} {fold.fold}")
            assert fold.fold == scored.fold
            assert [scored.epoch, scored.validation_score] in scored.validation_curve
            assert set(fold.clips) == {path.name for path in _clips(tasks_dir, cell, fold.fold)}
            if isinstance(fold, ScenePredictions):
                again = {name: SCENE_SCORES[name](fold.probabilities, fold.targets) for name in ALL}
            else:
                assert len(fold.predicted)
                assert len(fold.reference) == 2
                parts = event_onset_200ms_fms(fold.reference, fold.predicted)
                again = {f"event_onset_200ms_fms_{part}": value for part, value in parts.items()}
            for name, value in again.items():
                assert np.float32(value) == np.float32(scored.scores[name])
    assert sorted(folds) == [
        *(f"folds-v1-full {split}" for split in "abc"),
        "tiny-v1-full test",
        "tinyevents-v1-full test",
    ]


def _clips(tasks_dir: Path, cell: Cell, split: str) -> list[Path]:
    return list((tasks_dir / cell.task.task / "16000" / split).iterdir())


def test_a_killed_run_resumes(tasks_dir: Path, modules: Path) -> None:
    write_scene_task(tasks_dir, "zzz")
    name = write_module(
        modules,
        scene=COUNT + "\nif Path('kill').exists() and 'xxxx' in Path('calls').read_text():"
        " raise KeyboardInterrupt",
    )
    (modules / "kill").touch()
    with pytest.raises(KeyboardInterrupt):
        _run(tasks_dir, name)
    cells = tasks_dir.parent / "out" / "cells"
    assert [path.name.split("__")[1] for path in cells.glob("*.json")] == ["tiny-v1-full"]
    (modules / "kill").unlink()
    board = _run(tasks_dir, name)
    assert all(entry.reason is None for entry in board.entries.values())
    assert _calls(modules) == 3 + 1 + 3  # the killed task's first split was not finished


def test_failures_leave_cells_with_reasons_and_are_tried_again(
    tasks_dir: Path, modules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_event_task(tasks_dir)
    (tasks_dir / "broken-v1-full").mkdir()
    good = write_module(modules)
    seconds = write_module(modules, timestamp="timestamps = timestamps / 1000")
    nan = write_module(modules, scene="embeddings = embeddings * torch.nan")
    raises = write_module(modules, load="raise RuntimeError('no weights')")
    board = _run(tasks_dir, good, seconds, nan, raises, "not.there")

    def reason(module: str, task: str) -> str | None:
        return board.entries[module, task].reason

    assert reason(good, "tiny-v1-full") is None
    assert reason(good, "tinyevents-v1-full") is None
    assert "task_metadata.json" in str(reason(good, "broken-v1-full"))
    assert reason(seconds, "tiny-v1-full") is None
    assert "look like seconds" in str(reason(seconds, "tinyevents-v1-full"))
    assert "NaN or infinite embeddings for train" in str(reason(nan, "tiny-v1-full"))
    assert reason(nan, "tinyevents-v1-full") is None
    assert "RuntimeError: no weights" in str(reason(raises, "tinyevents-v1-full"))
    assert "No module named 'not.there'" in str(reason("not.there", "tiny-v1-full"))

    saved = [load_cell(path) for path in (tasks_dir.parent / "out" / "cells").glob("*.json")]
    assert len(saved) == 15
    markdown = (tasks_dir.parent / "out" / "leaderboard.md").read_text()
    assert markdown.count("failed (") == 11
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 * 3 + 2  # a line for each module that cannot be loaded
    assert lines[-1].split(maxsplit=4)[:4] == ["not.there", "all", "tasks", "failed:"]
    path = modules / f"{nan}.py"
    path.write_text(path.read_text().replace("torch.nan", "1"))
    del __import__("sys").modules[nan]
    board = _run(tasks_dir, nan)
    assert reason(nan, "tiny-v1-full") is None


def test_an_unforeseen_exception_is_named(
    tasks_dir: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise AttributeError("no\nsuch thing")

    monkeypatch.setattr(evaluate_cell, "evaluate_task", fail)
    (entry,) = _run(tasks_dir, write_module(modules)).entries.values()
    assert entry.reason == "AttributeError: no such thing"


def test_a_folder_of_heads_that_another_run_removes_harms_nobody(
    tasks_dir: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def removed(*args: object) -> None:
        raise FileNotFoundError("heads")

    monkeypatch.setattr(evaluate_cell, "describe", removed)
    (entry,) = _run(tasks_dir, write_module(modules)).entries.values()
    assert entry.reason is None


def test_rows_with_the_same_label_stay_apart(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules, extra_init="self.row_label = 'mine'")
    board = _run(tasks_dir, name, f"{name}=other")
    assert [module.label for module in board.modules] == ["mine", f"mine ({name}=other)"]


def test_results_of_earlier_runs_that_the_table_does_not_show_are_told(
    tasks_dir: Path, modules: Path
) -> None:
    first, second = write_module(modules), write_module(modules)
    _run(tasks_dir, first)
    out = tasks_dir.parent / "out"
    assert "more results of earlier runs" not in (out / "leaderboard.md").read_text("utf-8")
    _run(tasks_dir, second)
    text = (out / "leaderboard.md").read_text("utf-8")
    assert "1 more results of earlier runs are in this folder and not in this table" in text
