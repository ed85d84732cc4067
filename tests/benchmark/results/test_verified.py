"""A cell is believed only as far as its predictions bear it out."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmark import evaluate, load_results
from benchmark.cli import main
from benchmark.protocol import Protocol
from benchmark.report.standings import Leaderboard
from benchmark.results.cell_files import predictions_path, read_cell
from benchmark.results.verified import damage
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task


@pytest.fixture
def out(tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A results folder of one module on a scene and an event task."""
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    write_scene_task(tmp_path / "tasks")
    write_event_task(tmp_path / "tasks")
    (tmp_path / "name").write_text(write_module(modules))
    run(tmp_path)
    return tmp_path / "out"


def run(folder: Path) -> Leaderboard:
    return evaluate(
        [(folder / "name").read_text()],
        floors=False,
        tasks_dir=folder / "tasks",
        protocol=Protocol("faster"),
        out=folder / "out",
        device="cpu",
    )


def cells(out: Path) -> list[Path]:
    return sorted((out / "cells").glob("*.json"))


def compare(a: Path, b: Path) -> Result:
    return CliRunner().invoke(main, ["compare", str(a), str(b)])


def test_whole_cells_are_whole(out: Path) -> None:
    assert [damage(path, read_cell(path)) for path in cells(out)] == [None, None]
    assert compare(out, out).exit_code == 0


@pytest.mark.parametrize("place", [0, 1], ids=["scene", "event"])
def test_a_changed_digit_of_any_score_is_noticed(out: Path, place: int) -> None:
    path = cells(out)[place]
    facts = json.loads(path.read_text())
    whole = json.dumps(facts)
    for name, value in facts["folds"][0]["scores"].items():
        if name == "test_loss" or not isinstance(value, float):
            continue
        changed = json.loads(whole)
        changed["folds"][0]["scores"][name] = value + 0.0001
        path.write_text(json.dumps(changed))
        assert re.search(rf"it says {name} ", damage(path, read_cell(path)) or ""), name
    path.write_text(whole)
    assert damage(path, read_cell(path)) is None


def test_report_and_compare_name_a_changed_score(out: Path) -> None:
    path = cells(out)[0]
    path.write_text(path.read_text().replace('"top1_acc": 1.0', '"top1_acc": 0.9'))
    said = " ".join(load_results(out).cautions)
    assert "1 of 2 cells are damaged and left out" in said and "its predictions give 1.0" in said
    compared = compare(out, out)
    assert compared.exit_code == 1 and "Damaged: " in compared.output
    run(out.parent)  # makes the cell again
    assert damage(path, read_cell(path)) is None


@pytest.mark.parametrize("way", ["lost", "empty", "cut", "flipped", "another's"])
def test_predictions_that_are_damaged_are_made_again(out: Path, way: str) -> None:
    one, other = (predictions_path(path) for path in cells(out))
    before = one.read_bytes()
    half = len(before) // 2
    flipped = bytes([before[half] ^ 1])
    after = {
        "empty": b"",
        "cut": before[:half],
        "flipped": before[:half] + flipped + before[half + 1 :],
        "another's": other.read_bytes(),
    }
    one.unlink()
    if way in after:
        one.write_bytes(after[way])
    compared = compare(out, out)
    assert compared.exit_code == 1 and "Damaged: " in compared.output
    run(out.parent)
    assert one.read_bytes() == before
    assert compare(out, out).exit_code == 0


def test_a_cell_of_any_size_is_refused_at_once(out: Path) -> None:
    path = cells(out)[0]
    facts = json.loads(path.read_text())
    facts["folds"][0]["scores"] |= {f"s{number}": 0.5 for number in range(2000)}
    path.write_text(json.dumps(facts))
    with pytest.raises(ValueError, match="2,003 scores"):
        read_cell(path)
    path.write_text(json.dumps(facts) + " " * (5 << 20))
    with pytest.raises(ValueError, match="bytes"):
        read_cell(path)
