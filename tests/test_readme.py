"""The README's tables are those that were measured, and its commands are there to be run.

``python -m tests.test_readme`` copies the measured tables into the README.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- leaderboard: (\S+) -->\n(.*?)<!-- /leaderboard -->", re.DOTALL)
TABLES = BLOCK.findall(README)


def table_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def measured(folder: str) -> list[str]:
    return table_lines((ROOT / folder / "leaderboard.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("folder", "block"), TABLES, ids=[folder for folder, _ in TABLES])
def test_a_table_is_the_measured_one(folder, block):
    assert table_lines(block)
    assert table_lines(block) == measured(folder)


def test_there_are_tables_and_two_commands():
    assert TABLES
    for name, words in (("run", "msbench run --baselines cola,panns"), ("test", "pytest")):
        found = re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
        assert found and "python3 -m venv" in found[1] and words in found[1]


if __name__ == "__main__":
    filled = BLOCK.sub(
        lambda found: "\n".join(
            [f"<!-- leaderboard: {found[1]} -->", *measured(found[1]), "<!-- /leaderboard -->"]
        ),
        README,
    )
    (ROOT / "README.md").write_text(filled, encoding="utf-8")
