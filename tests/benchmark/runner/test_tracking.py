import hashlib
import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from benchmark.api import fill_and_report
from benchmark.cli import main
from benchmark.cli.terminal import RunProgress
from benchmark.protocol import Protocol
from benchmark.report.write import TABLES
from benchmark.results.cell_files import read_cell
from benchmark.results.cells import FoldScores
from benchmark.runner.plan import RunPlan
from benchmark.runner.tracking import Tracking, record_of
from benchmark.tasks.find import find_tasks
from tests.benchmark.fake_modules import write_module
from tests.benchmark.report.results_folders import OURS, SCENES, hit, write_cell, write_failure
from tests.benchmark.runner.fake_wandb import FakeWandb
from tests.benchmark.tiny_tasks import write_scene_task


@pytest.fixture
def wandb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeWandb:
    fake = FakeWandb()
    monkeypatch.setitem(sys.modules, "wandb", fake)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.delenv("WANDB_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    return fake


def test_what_is_logged_of_a_cell(tmp_path: Path) -> None:
    module = replace(OURS, distribution="ours 2.0")
    path = write_cell(tmp_path, module, SCENES, hit((9, 30), (21, 30)), command="msbench run x")
    record = record_of(path, read_cell(path))
    assert record.name == "ours on scenes-v1, seed 42"
    assert record.identity == hashlib.sha256(path.read_bytes()).hexdigest()
    assert record.file == path
    assert record.metrics == {
        "top1_acc": pytest.approx(0.5),
        "fold0/top1_acc": pytest.approx(0.3),
        "fold1/top1_acc": pytest.approx(0.7),
        "head_seconds": 5,
        "embedding_seconds": 4,
        "peak_memory_bytes": 700_000_000,
        "audio_seconds_per_second": 20,
    }
    assert record.parameters == {
        "label": "ours",
        "module": "pkg.ours",
        "distribution": "ours 2.0",
        "module_hash": "m1",
        "weights_hash": "w1",
        "parameters": "4012345",
        "task": "scenes-v1",
        "family": "scene",
        "task_hash": "hash of scenes-v1",
        "score": "top1_acc",
        "grid": "default",
        "seed": "42",
        "mode": Protocol.mode,
        "rules": "published",
        "grid_points": "8",
        "probe": "mlp",
        "protocol": str(Protocol.version),
        "embedding_dtype": "float32",
        "device": "cpu",
        "machine": "box",
        "date": "2026-01-01T00:00:00+00:00",
        "command": "msbench run x",
    }


def test_wandb_gets_every_finished_cell_once(tmp_path: Path, wandb: FakeWandb) -> None:
    path = write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    failed = write_failure(tmp_path, replace(OURS, module="other"), SCENES, "no such file")
    said: list[str] = []
    for _ in range(2):
        tracking = Tracking("wandb", said.append)
        tracking.cell(path, read_cell(path))
        tracking.cell(failed, read_cell(failed))
    (logged,) = wandb.runs
    record = record_of(path, read_cell(path))
    assert logged.asked == {
        "project": "msbench",
        "name": record.name,
        "job_type": "cell",
        "mode": "offline",
        "id": record.identity[:16],
        "config": record.parameters,
    }
    assert logged.metrics == record.metrics
    assert [artifact.files for artifact in logged.artifacts] == [[path.name]]
    assert logged.finished
    assert said == []


def test_a_tracker_that_fails_is_one_warning(tmp_path: Path, wandb: FakeWandb) -> None:
    path = write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    wandb.broken = True
    said: list[str] = []
    tracking = Tracking("wandb", said.append)
    for _ in range(3):
        tracking.cell(path, read_cell(path))
    tracking.tables(tmp_path, ["leaderboard.md"])
    assert said == [
        "Warning: --tracker wandb failed (RuntimeError: no server); the run continues without it."
    ]


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_a_tracker_that_is_not_installed_is_said_before_anything_is_run(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["run", "--tracker", name, "--out", str(out)])
    assert result.exit_code == 2
    assert f"pip install 'msssl-hear[{name}]'" in result.output
    assert len(result.output.splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize("broken", [False, True])
def test_a_run_and_its_tables(
    tmp_path: Path, wandb: FakeWandb, modules: Path, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    write_scene_task(tmp_path / "tasks")
    wandb.broken = broken
    tasks = find_tasks(tmp_path / "tasks")
    plan = RunPlan(
        [write_module(modules), "not.there"], tasks, tmp_path / "out", Protocol("faster")
    )
    said: list[str] = []
    with RunProgress(Console(width=160)) as progress:
        fill_and_report(plan, progress, Tracking("wandb", said.append))
    assert all((tmp_path / "out" / table).exists() for table in TABLES)
    assert len(said) == broken
    if not broken:
        cell, tables = wandb.runs
        assert cell.asked["job_type"] == "cell"
        assert tables.asked["job_type"] == "leaderboard"
        assert tables.artifacts[0].files == list(TABLES)


def test_mlflow_keeps_cells_and_tables_in_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow", reason="needs MLflow: pip install 'msssl-hear[mlflow]'")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.chdir(tmp_path)
    folds = [FoldScores("test", {"top1_acc": 0.25, "d_prime": math.inf, "mAP": math.nan}, 0.5, 3)]
    path = write_cell(tmp_path / "out", OURS, SCENES, hit((9, 36)))
    path = _with_folds(path, folds)
    (tmp_path / "out" / "leaderboard.md").write_text("# Leaderboard\n")
    said: list[str] = []
    for _ in range(2):
        tracking = Tracking("mlflow", said.append)
        tracking.cell(path, read_cell(path))
    tracking.tables(tmp_path / "out", ["leaderboard.md"])
    assert said == []
    client = mlflow.MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
    experiment = client.get_experiment_by_name("msbench").experiment_id
    tables, cell = client.search_runs([experiment], order_by=["attributes.start_time DESC"])
    assert cell.info.run_name == "ours on scenes-v1, seed 42"
    assert tables.info.run_name == "leaderboard of out"
    assert cell.info.status == tables.info.status == "FINISHED"
    record = record_of(path, read_cell(path))
    assert cell.data.params == record.parameters
    assert cell.data.metrics == pytest.approx(record.metrics, nan_ok=True)
    # On disk, as anybody's tools find them: time, value, step.
    files = tmp_path / "mlruns" / experiment / cell.info.run_id
    assert (files / "metrics" / "top1_acc").read_text().split()[1] == "0.25"
    assert (files / "artifacts" / path.name).read_bytes() == path.read_bytes()
    files = tmp_path / "mlruns" / experiment / tables.info.run_id
    assert (files / "artifacts" / "leaderboard.md").read_text() == "# Leaderboard\n"


def test_a_store_of_mlflow_that_cannot_be_reached_is_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow", reason="needs MLflow: pip install 'msssl-hear[mlflow]'")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "file" / "mlruns").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    said: list[str] = []
    path = write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    tracking = Tracking("mlflow", said.append)
    tracking.cell(path, read_cell(path))
    (line,) = said
    assert line.startswith("Warning: --tracker mlflow failed (")
    assert "\n" not in line


@pytest.mark.slow
def test_wandb_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb", reason="needs wandb: pip install 'msssl-hear[wandb]'")
    for name in ("WANDB_MODE", "WANDB_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    path = write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    (tmp_path / "leaderboard.md").write_text("# Leaderboard\n")
    said: list[str] = []
    for _ in range(2):
        tracking = Tracking("wandb", said.append)
        tracking.cell(path, read_cell(path))
    tracking.tables(tmp_path, ["leaderboard.md"])
    assert said == []
    folders = sorted(folder.name for folder in (tmp_path / "wandb").glob("offline-run-*"))
    assert len(folders) == 2
    identity = record_of(path, read_cell(path)).identity[:16]
    assert sum(name.endswith(f"-{identity}") for name in folders) == 1
    (binary,) = (tmp_path / "wandb").glob(f"offline-run-*-{identity}/*.wandb")
    assert b"hash of scenes-v1" in binary.read_bytes()


def _with_folds(path: Path, folds: list[FoldScores]) -> Path:
    from benchmark.results.cell_files import save_cell

    save_cell(path, replace(read_cell(path), folds=folds))
    return path
