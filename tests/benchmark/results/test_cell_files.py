"""Names of tasks that are too long for files are refused before any work; what is no file, too."""

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmark.api import make_plan
from benchmark.protocol import Protocol
from benchmark.results.cell_files import check_names, load_cell, read_cell, save_cell
from benchmark.results.verified import predictions_damage
from tests.benchmark.report.results_folders import OURS, SCENES, hit, write_cell
from tests.benchmark.tasks.made_task import scene_task


@pytest.mark.parametrize("letter", ["t", "\u00e9", "\U0001f426"])
def test_the_longest_name_that_is_taken_can_be_saved(letter: str, tmp_path: Path) -> None:
    protocol = Protocol("default")
    path = write_cell(tmp_path, OURS, SCENES, hit((1, 2)), protocol)
    cell, names = read_cell(path), [letter * count for count in range(1, 256)]
    taken = [name for name in names if _is_taken(name, protocol)]
    assert names[: len(taken)] == taken
    assert 30 < len(taken) < 255
    longest = replace(cell, task=replace(cell.task, task=taken[-1]))
    file = f"pkg.ours__{taken[-1]}__{protocol.name}.json"
    save_cell(tmp_path / "cells" / file, longest, b"predictions")  # through a temporary name
    with pytest.raises(OSError, match="too long"):
        save_cell(tmp_path / f"pkg.ours__{taken[-1]}{letter * 20}__{protocol.name}.json", cell)


def _is_taken(name: str, protocol: Protocol) -> bool:
    try:
        check_names(["a", OURS.module], [name], protocol, "float32")
    except ValueError:
        return False
    return True


def test_a_run_refuses_it_first(tmp_path: Path) -> None:
    name = "t" * 240
    scene_task(tmp_path / "tasks" / name)
    with pytest.raises(ValueError, match=r"has 240 bytes\. Names of results .* shorten it by \d+$"):
        make_plan(["benchmark.baselines.logmel"], tasks_dir=tmp_path / "tasks", out=tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_a_pipe_in_the_place_of_a_cell_or_its_predictions_is_not_waited_for(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "cell.json")
    with pytest.raises(ValueError, match="a cell is a plain file, and this is none"):
        read_cell(tmp_path / "cell.json")
    assert load_cell(tmp_path / "cell.json") is None
    os.mkfifo(tmp_path / "cell.npz")
    cell = SimpleNamespace(predictions_hash="")
    damage = predictions_damage(tmp_path / "cell.json", cell)  # type: ignore[arg-type]
    assert damage == "cell.npz is no plain file"
