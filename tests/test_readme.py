"""The README's tables are those that were measured, and its commands are there to be run.

``python -m tests.test_readme`` copies the measured tables into the README.
"""

import csv
import re
import sys
from pathlib import Path

import pytest

from benchmark.report.standings import read_leaderboard
from benchmark.report.write import TABLES
from tests import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- leaderboard: (\S+) -->\n(.*?)<!-- /leaderboard -->", re.DOTALL)
TABLES_SHOWN = BLOCK.findall(README)
FOLDERS = [folder for folder, _ in TABLES_SHOWN]


def measured(folder: str) -> str:
    """The table that ``msbench run`` or ``msbench report`` wrote."""
    return (ROOT / folder / "leaderboard_short.md").read_text(encoding="utf-8")


def stale(readme: str) -> list[str]:
    """Folders whose table in the text is not the measured one."""
    return [folder for folder, block in BLOCK.findall(readme) if block != measured(folder)]


@pytest.mark.parametrize(("folder", "block"), TABLES_SHOWN, ids=FOLDERS)
def test_a_table_is_the_measured_one(folder: str, block: str) -> None:
    assert block.startswith("|")
    assert block == measured(folder), "stale: run python -m tests.test_readme"


def test_every_edit_of_a_copy_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, block = TABLES_SHOWN[0]
    head, rule, first, second, *rest = block.splitlines(keepends=True)
    score = re.search(r"0\.\d\d\d", first)
    assert score and stale(README) == []
    edits = {
        "a digit": block.replace(score[0], "0.999"),
        "order": "".join([head, rule, second, first, *rest]),
        "a row less": "".join([head, rule, first, *rest]),
        "a row more": block + second,
        "a column's name": block.replace("↑", "↓", 1),
        "nothing left": "",
    }
    for edit, text in edits.items():
        assert stale(README.replace(block, text)) == [folder], edit
    # The other way round: new results, and the README as it was.
    for shown in FOLDERS:
        (tmp_path / shown).mkdir(parents=True)
        (tmp_path / shown / "leaderboard_short.md").write_text(measured(shown), encoding="utf-8")
    (tmp_path / folder / "leaderboard_short.md").write_text(edits["a digit"], encoding="utf-8")
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert stale(README) == [folder]


def test_no_table_escapes_by_a_broken_mark() -> None:
    assert README.count("<!-- leaderboard:") == README.count("<!-- /leaderboard") == len(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_table_is_of_the_same_results_as_the_others(folder: str) -> None:
    _, _, *lines = measured(folder).splitlines()
    shown = {line.split("|")[1].strip(): line for line in lines}
    with (ROOT / folder / "leaderboard.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("source", "run") == "run"]
    assert [row["label"] for row in rows] == list(shown)
    for row in rows:
        tasks = [
            name for name in row if name.count(":") == 1 and not name.endswith((":low", ":high"))
        ]
        scores = [f"{float(row[name]):.3f}" for name in tasks if row[name]]
        assert scores
        for score in scores:
            assert score in shown[row["label"]]


@pytest.mark.parametrize("folder", FOLDERS)
def test_tables_are_what_their_cells_give(folder: str) -> None:
    cells = (ROOT / folder / "cells").glob("*.npz")
    if next(cells, None) is None:
        pytest.skip("the predictions behind this table are absent here, as they are not committed")
    standings = read_leaderboard([ROOT / folder])
    for name, table in TABLES.items():
        written = (ROOT / folder / name).read_text(encoding="utf-8")
        assert table(standings) == written, f"{folder}/{name} is stale: run msbench report {folder}"


def test_there_are_tables_and_two_commands() -> None:
    assert TABLES_SHOWN
    for name, words in (("run", "msbench run --baselines cola,panns"), ("test", "pytest")):
        found = re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
        assert found and "python3 -m venv" in found[1] and words in found[1]


if __name__ == "__main__":
    filled = BLOCK.sub(
        lambda found: (
            f"<!-- leaderboard: {found[1]} -->\n{measured(found[1])}<!-- /leaderboard -->"
        ),
        README,
    )
    (ROOT / "README.md").write_text(filled, encoding="utf-8")
