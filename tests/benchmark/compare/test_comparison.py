from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmark.cli import main
from benchmark.compare.comparison import compare_results
from benchmark.protocol import Protocol
from benchmark.results.cell_files import read_cell, save_cell
from benchmark.results.cells import FoldScores
from tests.benchmark.report.results_folders import (
    FLOOR,
    OTHER,
    OURS,
    PITCH,
    SCENES,
    hit,
    write_cell,
)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return tmp_path / "before"


@pytest.fixture
def after(tmp_path: Path) -> Path:
    return tmp_path / "after"


def _compare(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def test_what_differs_is_named_once_with_where(before: Path, after: Path) -> None:
    trained = replace(OURS, weights_hash="f" * 64, module_hash="m9", distribution="ours 2.0")
    recoded = replace(OTHER, module_hash="m8")
    fast = Protocol("default", mode="fast")
    exact = Protocol("default", mode="exact")
    for task in (SCENES, PITCH):
        write_cell(before, OURS, task, hit((9, 30)), exact, versions="python 3.11; torch 2.6")
        write_cell(after, trained, task, hit((9, 30)), fast, versions="python 3.11; torch 2.7")
        write_cell(before, OTHER, task, hit((9, 30)), exact, versions="python 3.11; torch 2.6")
        write_cell(after, recoded, task, hit((9, 30)), fast, versions="python 3.11; torch 2.7")
    path = write_cell(after, recoded, PITCH, hit((9, 30)), fast, versions="python 3.11; torch 2.7")
    cell = read_cell(path)
    chosen = replace(cell.folds[0], hyperparameters={"lr": 0.1})
    save_cell(path, replace(cell, folds=[chosen]), path.with_suffix(".npz").read_bytes())
    assert compare_results(before, after).changes == [
        "mode exact → fast (everywhere)",
        "torch 2.6 → 2.7 (everywhere)",
        "equal weights, but other code, checkpoint or embedding sizes (other)",
        "chosen lr unknown → 0.1 (other on pitch-v1)",
        "distribution unknown → ours 2.0 (ours)",
        "other weights: hash w1 → ffffffff (ours)",
    ]


def test_choices_of_folds_are_counted(before: Path, after: Path) -> None:
    rates = {before: (0.1, 0.1, 0.1), after: (0.1, 0.2, 0.3)}
    for folder, chosen in rates.items():
        folds = [
            FoldScores(f"fold{i}", {"top1_acc": 0.3}, 0.5, 3, {"lr": lr}, {"min_duration": 125})
            for i, lr in enumerate(chosen)
        ]
        path = write_cell(folder, OURS, SCENES, hit(*[(9, 30)] * 3))
        cell = replace(read_cell(path), folds=folds)
        save_cell(path, cell, path.with_suffix(".npz").read_bytes())
    assert compare_results(before, after).changes == [
        "chosen lr differs in 2 of 3 folds (everywhere)"
    ]


def test_what_is_in_one_folder_only(before: Path, after: Path) -> None:
    write_cell(before, OURS, SCENES, hit((9, 30)))
    write_cell(after, OURS, SCENES, hit((9, 30)))
    write_cell(before, FLOOR, SCENES, hit((9, 30)))
    write_cell(after, OURS, PITCH, hit((9, 30)))
    compared = compare_results(before, after)
    assert [difference.place.name for difference in compared.differences] == ["ours on scenes-v1"]
    assert compared.only == [f"Only in {before}: rows logmel.", f"Only in {after}: tasks pitch-v1."]
    write_cell(before, OTHER, SCENES, hit((9, 30)))
    write_cell(before, OTHER, PITCH, hit((9, 30)))
    write_cell(after, OTHER, PITCH, hit((9, 30)))
    assert f"Only in {before}: cells other on scenes-v1." in compare_results(before, after).only


def test_two_rows_of_one_folder(before: Path) -> None:
    write_cell(before, OURS, SCENES, hit((90, 100)))
    other = replace(OTHER, sample_rate=32000)
    write_cell(before, other, SCENES, hit((50, 100)), task_hash="at another sample rate")
    write_cell(before, OURS, PITCH, hit((9, 30)))
    for names in (("ours", "other"), ("pkg.ours", "pkg.other")):
        compared = compare_results(before, before, names)
        (found,) = compared.differences
        assert found.place.row == "ours → other"
        assert found.verdict == "worse"
        assert compared.only == ["ours alone was run on: pitch-v1."]
        assert "module pkg.ours → pkg.other (everywhere)" in compared.changes
    with pytest.raises(ValueError, match="no row 'cola'; there are: other, ours"):
        compare_results(before, before, ("ours", "cola"))


def test_a_changed_task_is_refused_unless_forced(before: Path, after: Path) -> None:
    write_cell(before, OURS, SCENES, hit((9, 30)))
    write_cell(after, OURS, SCENES, hit((30, 30)), task_hash="changed")
    result = _compare(before, after)
    assert result.exit_code == 2
    assert "different versions of scenes-v1" in result.output
    assert len(result.output.splitlines()) == 1
    result = _compare(before, after, "--force")
    assert result.exit_code == 0
    assert "another version of the task: hash hash of  → changed" in result.output
    # Other clips: no test.
    write_cell(after, OURS, SCENES, hit((30, 31)), task_hash="changed")
    compared = compare_results(before, after, force=True)
    assert compared.differences[0].verdict == "not tested"
    assert "not tested on the same clips" in compared.differences[0].untested


def test_exit_statuses_and_what_is_printed(before: Path, after: Path, tmp_path: Path) -> None:
    write_cell(before, OURS, SCENES, hit((90, 100)))
    write_cell(before, OURS, PITCH, hit((50, 100)))
    write_cell(after, OURS, SCENES, hit((50, 100)))
    write_cell(after, OURS, PITCH, hit((51, 100)))
    file = tmp_path / "new" / "compared.md"
    result = _compare(before, after, "--markdown", file)
    assert result.exit_code == 1
    assert "2 compared: 1 no difference shown, 1 worse." in result.output
    lines = file.read_text().splitlines()
    assert lines[0] == "# before (A) and after (B)"
    (row,) = [line for line in lines if "scenes-v1" in line]
    assert row.startswith("| ours | scenes-v1 | top1_acc ↑ | 0.900 | 0.500 | -0.400 [-0.")
    assert row.endswith(" | &lt; 0.001 | worse |")
    assert any("+0.010 [" in line for line in lines)
    assert _compare(after, before).exit_code == 0
    assert _compare(before, before).exit_code == 0


def test_what_cannot_be_compared_is_one_line(before: Path, after: Path) -> None:
    write_cell(before, OURS, SCENES, hit((9, 30)))
    write_cell(after, OTHER, SCENES, hit((9, 30)))
    for result, said in (
        (_compare(before, after), "name two rows with --rows X Y"),
        (_compare(before, after / "absent"), "holds no results"),
        (_compare(before, after, "--rows", "ours", "nobody"), "no row 'nobody'"),
    ):
        assert result.exit_code == 2
        assert said in result.output
        assert len(result.output.splitlines()) == 1
    assert _compare(before, after, "--rows", "ours", "other").exit_code == 0
