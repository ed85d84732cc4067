"""``?layer=all`` in a table: a row per layer."""

import shutil
from pathlib import Path

import pytest
from rich.console import Console

from benchmark.api import fill_and_report
from benchmark.cli.terminal import RunProgress
from benchmark.models.specs import FLOORS, row_specs
from benchmark.protocol import Protocol
from benchmark.results.cell_files import load_cell
from benchmark.runner.plan import RunPlan
from benchmark.tasks.find import find_tasks
from tests.benchmark.adapters.conftest import Made
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task

ADAPTER = "benchmark.adapters.transformers"


def test_all_layers_are_rows_in_their_order(made: Made) -> None:
    spec = f"{ADAPTER}={made('hubert')}"
    rows = [f"{spec}?layer={layer}" for layer in range(3)]
    assert row_specs([f"{spec}?layer=all", spec], []) == [*rows, spec, *FLOORS]
    assert row_specs([f"{spec}?layer=1", f"{spec}?layer=all"], [], floor=False) == [
        rows[1],
        rows[0],
        rows[2],
    ]


@pytest.mark.parametrize(
    "spec",
    [
        f"{ADAPTER}=no/such/folder?layer=all",
        f"{ADAPTER}=a/b?layer=last",
        ADAPTER,
        "benchmark.adapters.nothing=x?layer=all",
        "my_module=weights.pt?layer=all",
    ],
)
def test_what_cannot_be_counted_stays_one_row(spec: str) -> None:
    """Its cells then say why."""
    assert row_specs([spec], [], floor=False) == [spec]


def test_a_run_over_layers(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    write_scene_task(tmp_path / "tasks")
    write_event_task(tmp_path / "tasks")
    folder = shutil.copytree(made("hubert"), tmp_path / "small@hubert")
    asked = [f"{ADAPTER}={folder}?layer=all", f"{ADAPTER}={folder}?layer=7"]
    plan = RunPlan(
        row_specs(asked, [], floor=False),
        find_tasks(tmp_path / "tasks"),
        tmp_path / "out",
        Protocol("faster", 42),
    )
    with RunProgress(Console(width=160)) as progress:
        board = fill_and_report(plan, progress).board
    labels = [module.label for module in board.modules]
    layers = [f"small@hubert layer {layer}" for layer in range(3)]
    assert sorted(labels) == sorted([*layers, f"{ADAPTER}={folder}?layer=7"])
    for (label, _), entry in board.entries.items():
        if label in layers:
            assert entry.reason is None and entry.primary is not None
        else:
            assert "has layers 0 to 2" in (entry.reason or "")
    cells = [load_cell(path) for path in (tmp_path / "out" / "cells").glob("*.json")]
    finished = [cell for cell in cells if cell is not None and not cell.reason]
    assert len(finished) == 6
    assert len({cell.module.module_hash for cell in finished}) == 3
    for cell in finished:
        assert "SHA-256 of the weights" in (cell.module.note or "")
        assert len(cell.module.weights_hash) == 64
    table = (tmp_path / "out" / "leaderboard.md").read_text().replace("<!-- -->", "")
    assert "small@hubert layer 2: " in table
