"""``msbench compare --group``: training methods against each other."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmark.cli import main
from tests.benchmark.report.results_folders import OURS, SCENES, hit, write_cell


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    for label, hits in {"multi-0": 88, "multi-1": 90, "multi-2": 92, "cola-0": 60}.items():
        folder = tmp_path / label.split("-")[0]
        module = replace(OURS, label=label, checkpoint=label, weights_hash=label)
        write_cell(folder, module, SCENES, hit((hits, 100)))
    return [tmp_path / "multi", tmp_path / "cola"]


def _compare(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def test_groups_of_two_folders(folders: list[Path], tmp_path: Path) -> None:
    asked = ["--group", "multi=multi-*", "--group", "cola=cola-*"]
    result = _compare(*folders, *asked, "--markdown", tmp_path / "groups.md")
    assert result.exit_code == 0, result.output
    assert "+0.300" in result.output
    assert "multi − cola" in result.output
    assert "above" in result.output
    assert "cola: one encoder." in result.output
    markdown = (tmp_path / "groups.md").read_text()
    assert markdown.startswith("## Over training seeds\n")
    assert "| multi | 0.900 ± 0.020<br>" in markdown
    assert not list(folders[0].glob("*.md"))


def test_rows_of_one_folder(folders: list[Path]) -> None:
    result = _compare(folders[0], "--group", "a=multi-0,multi-1", "--group", "b=multi-2")
    assert result.exit_code == 0, result.output
    assert "not told apart" in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "name two results folders, or groups of rows of one with --group"),
        (["--group", "a=multi-0", "--force"], "--group goes with neither --rows nor --force"),
        (
            ["--group", "a=nobody"],
            "group a: no row is called 'nobody'; there are: multi-0, multi-1",
        ),
    ],
)
def test_what_is_refused_is_one_line(
    folders: list[Path], arguments: list[str], sentence: str
) -> None:
    result = _compare(folders[0], *arguments)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert sentence in result.output


def test_a_damaged_cell_is_bad_news(folders: list[Path]) -> None:
    cell = next(folders[0].glob("cells/*.json"))
    cell.write_text("{")
    labels = "a=" + ",".join(["multi-*"])
    result = _compare(folders[0], "--group", labels)
    assert result.exit_code == 1
    assert "Damaged: " in result.output
