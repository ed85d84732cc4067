"""Licences of weights: what the module says, what the user knows better, what older cells lack."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.baselines import logmel, random
from benchmark.cli.run_options import Compared
from benchmark.protocol import Protocol
from benchmark.report.merged_cells import CellFile, merged
from benchmark.results.cells import Cell, ModuleFacts, TaskFacts
from benchmark.runner.plan import RunPlan
from msssl_hear import load_model

SAID = ModuleFacts("row", "pkg.a", "one", licence="MIT")


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        ({}, "MIT"),
        ({"pkg.b": "GPL-3.0-only"}, "MIT"),
        ({"pkg.a": "CC0-1.0"}, "CC0-1.0"),
        ({"pkg.a=one": "CC-BY-NC-4.0", "pkg.a": "CC0-1.0"}, "CC-BY-NC-4.0"),
    ],
)
def test_the_user_knows_better_than_the_module(licences: dict[str, str], expected: str) -> None:
    plan = RunPlan(["pkg.a=one"], [], Path(), Protocol("default"), licences=licences)
    assert plan.named("pkg.a=one", SAID, ()).licence == expected


def _compared(*licence: str) -> Compared:
    modules = ["pkg.a", "row:=pkg.b=one"]
    return Compared(modules, (), True, None, (), None, licence)


def test_licences_of_the_command_line() -> None:
    assert _compared().licences == {}
    found = _compared("pkg.a=MIT", "pkg.b=one=GPL-3.0-only").licences
    assert found == {"pkg.a": "MIT", "pkg.b=one": "GPL-3.0-only"}


@pytest.mark.parametrize("given", ["MIT", "pkg.c=MIT", "pkg.a=", "=MIT"])
def test_a_licence_needs_a_module_that_is_run(given: str) -> None:
    with pytest.raises(ValueError, match="must be MODULE=SPDX, as in"):
        _ = _compared(given).licences


def test_one_cell_that_knows_the_licence_is_enough() -> None:
    old = Cell(replace(SAID, licence=""), TaskFacts("a"), Protocol("default"), "", "it failed")
    new = replace(old, module=SAID, task=TaskFacts("b"))
    files = merged([CellFile(Path("a"), old), CellFile(Path("b"), new)])
    assert {file.cell.module.licence for file in files} == {"MIT"}


def test_bundled_weights_and_floors_have_this_packages() -> None:
    models = [load_model(), load_model("cola:paper"), random.load_model(), logmel.load_model()]
    assert {model.row_licence for model in models} == {"Apache-2.0"}
