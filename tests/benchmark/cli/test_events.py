"""``msbench events`` on predictions made up event by event."""

import csv
import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmark.cli import main
from benchmark.events import event_table
from benchmark.events.table import Event
from benchmark.protocol import Protocol
from benchmark.results.cell_files import cell_path, save_cell
from benchmark.results.cells import Cell, FoldScores, ModuleFacts, TaskFacts
from benchmark.results.predictions import EventPredictions, Predictions, predictions_file
from benchmark.scores import event_score
from tests.benchmark.report.results_folders import COST, OTHER, OURS, SCENES, hit, write_cell

ONSET = "event_onset_200ms_fms"
LABELS = ("bark", "clap")
CLIPS = ("dev_1_ebr_-6_nec_2_poly_0.wav", "dev_1_ebr_6_nec_2_poly_0.wav", "odd.wav")


def _events(*onsets: tuple[str, float]) -> list[Event]:
    return [Event(label, onset, onset + 500) for label, onset in onsets]


REFERENCE = {
    CLIPS[0]: _events(("bark", 1000), ("clap", 2000)),
    CLIPS[1]: _events(("bark", 1000), ("clap", 2000)),
    CLIPS[2]: _events(("clap", 5000)),
}
# At -6 dB the clap is taken for a bark; in the odd file it comes too late.
PREDICTED = {
    CLIPS[0]: _events(("bark", 1000), ("bark", 2100)),
    CLIPS[1]: _events(("bark", 1100), ("clap", 2000)),
    CLIPS[2]: _events(("clap", 5300)),
}


def _write(folder: Path, module: ModuleFacts, seed: int, predicted: dict[str, list[Event]]) -> None:
    tables = [event_table(events, CLIPS, LABELS) for events in (predicted, REFERENCE)]
    predictions = Predictions(LABELS, (EventPredictions("test", CLIPS, *tables),))
    file = predictions_file(predictions)
    score = event_score(ONSET)(tables[1], tables[0])["f_measure"]
    cell = Cell(
        module=module,
        task=TaskFacts("dcase2016_task2-tiny-v1", "event", ONSET, folds=1),
        protocol=Protocol("faster", seed=seed),
        task_hash="hash",
        reason=None,
        folds=[FoldScores("test", {ONSET: score}, 0.5, 3)],
        cost=COST,
        predictions_hash=hashlib.sha256(file).hexdigest(),
        machine="box",
        date="2026-01-01T00:00:00+00:00",
    )
    save_cell(cell_path(folder, cell), cell, file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _write(tmp_path, OURS, 42, PREDICTED)
    _write(tmp_path, OTHER, 42, REFERENCE)
    return tmp_path


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["events", *map(str, arguments)])


def _lines(file: Path) -> dict[tuple[str, str], dict[str, str]]:
    with file.open(newline="") as text:
        return {(line["row"], line["part"]): line for line in csv.DictReader(text)}


def test_classes_and_groups_of_files(folder: Path) -> None:
    result = _run(folder, "--out", folder / "events.csv", "--out", folder / "events.md")
    assert result.exit_code == 0, result.output
    lines = _lines(folder / "events.csv")
    parts = ["all", *LABELS, "ebr_-6", "ebr_6", "other files"]
    assert [part for row, part in lines if row == "ours"] == parts
    found = {part: float(lines["ours", part]["f_measure"]) for part in parts}
    assert found["all"] == pytest.approx(2 * 3 / (5 + 5))
    assert found["bark"] == pytest.approx(2 * 2 / (3 + 2))
    assert found["clap"] == pytest.approx(2 * 1 / (2 + 3))
    assert [found[part] for part in parts[3:]] == [0.5, 1.0, 0.0]
    clap = lines["ours", "clap"]
    names = ("annotated", "found", "other_class", "wrong_time", "nothing", "false")
    assert [float(clap[name]) for name in names] == [3, 1, 1, 1, 0, 1]
    assert clap["taken_for"] == "bark"
    assert float(clap["low"]) <= found["clap"] <= float(clap["high"])
    assert lines["ours", "ebr_6"]["low"] == ""  # a single file tells nothing of others
    assert "| ebr_6 | 1.000 | 1.000 |" in (folder / "events.md").read_text()
    assert {line["f_measure"] for (row, _), line in lines.items() if row == "other"} == {"1.0"}
    # The best row comes first, and the tables are on the screen too.
    assert "|  | other | ours |" in (folder / "events.md").read_text()
    assert "wrong time" in result.output


def test_counts_are_means_over_seeds(folder: Path) -> None:
    _write(folder, OURS, 43, REFERENCE)
    _write(folder, OTHER, 43, REFERENCE)
    assert _run(folder, "--out", folder / "events.csv").exit_code == 0
    line = _lines(folder / "events.csv")["ours", "all"]
    assert (float(line["found"]), float(line["f_measure"])) == (4.0, pytest.approx(0.8))


def test_one_row_gets_a_line_for_each_class(folder: Path) -> None:
    result = _run(folder, "--row", "ou*", "--files-by", "poly_.", "--out", folder / "one.md")
    assert result.exit_code == 0, result.output
    text = (folder / "one.md").read_text()
    assert "| clap | 3 | 1 | 1 | 1 | 0 | 2 | 1 | bark |" in text
    assert "| poly\\_0 |" in text or "| poly_0 |" in text
    assert "other |" not in text.split("\n\n")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--row", "nobody"], "no predictions for event tasks of rows nobody"),
        (["--files-by", "("], "'(' is no regular expression"),
        (["--out", "table.txt"], "the name must end in .md or .csv"),
    ],
)
def test_what_is_refused_is_one_line(folder: Path, arguments: list[str], sentence: str) -> None:
    result = _run(folder, *arguments)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert sentence in result.output


def test_scenes_alone_are_refused(tmp_path: Path) -> None:
    write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    result = _run(tmp_path)
    assert result.exit_code == 2
    assert "There are no predictions for event tasks in these folders." in result.output


def test_predictions_of_another_cell_are_left_out(folder: Path) -> None:
    for path in (folder / "cells").glob("*other*.npz"):
        path.write_bytes(b"damaged")
    result = _run(folder)
    assert result.exit_code == 0, result.output
    assert "other on dcase2016_task2-tiny-v1 is left out: " in result.output
