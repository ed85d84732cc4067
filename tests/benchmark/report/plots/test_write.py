"""All pictures of results folders: which files there are, and that they are always the same."""

import hashlib
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from benchmark.events.table import Event, event_table
from benchmark.protocol import Protocol
from benchmark.report.plots import write_plots
from benchmark.report.plots.pictures import file_stem
from benchmark.report.plots.style import COLOURS, looks, own_labels, short
from benchmark.report.standings import Leaderboard, read_leaderboard
from benchmark.results.cell_files import cell_path, save_cell
from benchmark.results.cells import Cell, FoldScores, ModuleFacts, TaskFacts
from benchmark.results.predictions import (
    EventPredictions,
    Predictions,
    ScenePredictions,
    predictions_file,
)
from tests.benchmark.report.demo import (
    MODULES,
    demo_standings,
    empty_standings,
    failed_demo,
    part_of_demo,
)
from tests.benchmark.report.results_folders import COST, FLOOR, OTHER, OURS, SCENES, hit, write_cell

PITCH = TaskFacts("pitch-v1", "pitch", "pitch_acc")
EVENTS = TaskFacts("events-v1", "event", "event_onset_200ms_fms")


def _write(folder: Path, module: ModuleFacts, task: TaskFacts, predictions: Predictions) -> Path:
    """A finished cell of predictions that are all right, as its score says."""
    file = predictions_file(predictions)
    curve = [[0, 0.25], [3, 0.5]]
    cell = Cell(
        module,
        task,
        Protocol("default"),
        "hash",
        None,
        [FoldScores("test", {task.score: 1.0}, 0.5, 3, validation_curve=curve)],
        COST,
        predictions_hash=hashlib.sha256(file).hexdigest(),
    )
    path = cell_path(folder, cell)
    save_cell(path, cell, file)
    return path


def _results(folder: Path) -> Path:
    one_hot = np.eye(3, dtype=np.float32)[np.arange(12) % 3]
    clips = tuple(f"horn_{index}.wav" for index in range(12))
    notes = Predictions(("45", "46", "57"), (ScenePredictions("test", clips, one_hot, one_hot),))
    names = ("a.wav", "b.wav")
    labels = event_table({"a.wav": [Event("dog", 5.0, 90.0)]}, names, ("dog",))
    events = Predictions(("dog",), (EventPredictions("test", names, labels, labels),))
    for module in (OURS, FLOOR):
        write_cell(folder, module, SCENES, hit((9, 30), (8, 30)))
        _write(folder, module, PITCH, notes)
        _write(folder, module, EVENTS, events)
    return folder


def _names(paths: list[Path]) -> list[str]:
    return list(dict.fromkeys(path.stem for path in paths))


def test_every_picture_as_png_and_svg_and_again_the_same(tmp_path: Path) -> None:
    folder, before = _results(tmp_path / "run"), dict(matplotlib.rcParams)
    standings = read_leaderboard([folder])
    paths = write_plots(standings, [folder], tmp_path / "out")
    assert _names(paths) == [
        "scores",
        "cost",
        "confusion__scenes-v1__ours",
        "timeline__events-v1__ours",
        "training_curves__events-v1",
        "pitch_errors__pitch-v1",
        "training_curves__pitch-v1",
    ]
    assert sorted(path.name for path in (tmp_path / "out" / "plots").iterdir()) == sorted(
        path.name for path in paths
    )
    for path in paths:
        if path.suffix == ".svg":
            assert ElementTree.parse(path).getroot().tag.endswith("svg")
        else:
            assert path.read_bytes().startswith(b"\x89PNG")
    again = write_plots(standings, [folder], tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]
    assert dict(matplotlib.rcParams) == before


def test_predictions_of_another_cell_are_not_drawn(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    ours = write_cell(folder, OURS, SCENES, hit((9, 30)))
    other = write_cell(folder, OTHER, SCENES, hit((8, 30)))
    ours.with_suffix(".npz").write_bytes(other.with_suffix(".npz").read_bytes())
    paths = write_plots(read_leaderboard([folder]), [folder], tmp_path)
    assert _names(paths) == ["scores", "cost", "confusion__scenes-v1__other"]


def test_several_folders_and_a_floor_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_cell(first, FLOOR, SCENES, hit((9, 30)))
    write_cell(second, FLOOR, PITCH, hit((9, 30)))
    paths = write_plots(read_leaderboard([first, second]), [first, second], tmp_path)
    # A row alone has no overall score to set against its cost.
    assert _names(paths) == ["scores", "confusion__scenes-v1__logmel"]


@pytest.mark.parametrize(
    ("standings", "names"),
    [
        (part_of_demo(2, 1), ["scores", "cost"]),
        (failed_demo(), ["scores"]),
        (empty_standings(), []),
    ],
)
def test_results_without_predictions_have_scores_at_most(
    tmp_path: Path, standings: Leaderboard, names: list[str]
) -> None:
    assert _names(write_plots(standings, [tmp_path], tmp_path)) == names


def test_a_model_looks_the_same_whatever_the_order_of_rows() -> None:
    look = looks(MODULES)
    assert look == looks(MODULES[::-1])
    own = [module.label for module in MODULES[:3]]
    assert {look[label].colour for label in own} == set(COLOURS[:3])
    assert [look[label].is_floor for label in ("logmel", "random")] == [True, True]
    many = looks(replace(MODULES[0], label=f"m{index:02d}") for index in range(20))
    assert len({(one.colour, one.marker) for one in many.values()}) == 20
    assert own_labels(demo_standings().board) == own


def test_names_are_cut_to_fit() -> None:
    assert short("multi") == "multi"
    assert short("panns-cnn6 (ours, same data)", 17) == "panns-cnn6 (ours,\nsame data)"
    cut = short("word " * 40, 20, 2).split("\n")
    assert len(cut) == 2
    assert cut[1].endswith("…")
    assert max(map(len, cut)) <= 20
    assert short("x" * 50, 20, 1) == "x" * 19 + "…"
    assert short("") == ""


def test_names_of_files_are_plain_and_apart() -> None:
    assert file_stem("confusion", "esc50-v2.0.0-full", "multi") == (
        "confusion__esc50-v2.0.0-full__multi"
    )
    odd = [file_stem("confusion", "t", name) for name in ("a/b", "a b", "é" * 300, "../../x")]
    assert len(set(odd)) == 4
    for stem in odd:
        assert len(stem) < 100
        assert "/" not in stem
        assert stem.isascii()
