"""The README's tables are those that were measured, and its commands are there to be run."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLES = re.findall(r"<!-- leaderboard: (\S+) -->\n(.*?)<!-- /leaderboard -->", README, re.DOTALL)


def table_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


@pytest.mark.parametrize(("folder", "block"), TABLES, ids=[folder for folder, _ in TABLES])
def test_a_table_is_the_measured_one(folder, block):
    measured = (ROOT / folder / "leaderboard.md").read_text(encoding="utf-8")
    assert table_lines(block)
    assert table_lines(block) == table_lines(measured)


def test_there_are_tables_and_two_commands():
    assert TABLES
    for name, words in (("run", "msbench run --baselines cola,panns"), ("test", "pytest")):
        found = re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
        assert found and "python3 -m venv" in found[1] and words in found[1]
