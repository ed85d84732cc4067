"""A few kills and failures of the machine; the hundreds are ``python -m tests.faults``."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.faults.content import broken, content, difference

SHORT = ("run: embedding", "report", "tasks get: download", "tasks make", "pretraining", "pack")

pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open") or not Path("/proc/self/task").is_dir(), reason="needs Linux"
)


def measured(place: Path, *words: str) -> list[dict[str, Any]]:
    results = place / "results.jsonl"
    subprocess.run(
        [sys.executable, "-m", "tests.faults", *words, "--json", str(results)],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return [json.loads(line) for line in results.read_text().splitlines()]


@pytest.mark.parametrize("machine", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_killed_stages_end_as_undisturbed_ones(tmp_path: Path, machine: bool) -> None:
    if machine:
        told = measured(tmp_path, "--kills", "3", "--operations", "3", "--machine")
    else:
        exact = (word for name in SHORT for word in ("--only", name))
        told = measured(tmp_path, *exact, "--kills", "1", "--operations", "1")
    assert len(told) >= len(SHORT)
    for row in told:
        assert row["faults"] == [] and row["survived"] == row["trials"] > 0, row


def test_a_machine_that_fails_gets_a_sentence(tmp_path: Path) -> None:
    for row in measured(tmp_path, "--only", "compare", "--kills", "0", "--machine"):
        assert row["faults"] == [] and row["survived"] == row["trials"] > 0, row
        assert row["struck"] == row["trials"] and "texts" in row["sentence"], row


def test_what_is_not_whole_or_not_the_same_is_seen(tmp_path: Path) -> None:
    """The harness itself can fail."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "cell.json").write_text('{"score": 1, "seconds": 2}')
    whole = content(tmp_path, ("out",))
    assert broken(tmp_path, ("out",)) == ""
    (tmp_path / "out" / "cell.json").write_text('{"score": 1, "seconds": 3}')
    assert difference(content(tmp_path, ("out",)), whole) == ""
    (tmp_path / "out" / "cell.json").write_text('{"score": 2, "seconds": 2}')
    assert difference(content(tmp_path, ("out",)), whole) == "other content: out/cell.json"
    (tmp_path / "out" / "cell.json").write_text('{"score": 2, ')
    assert "out/cell.json is not whole" in broken(tmp_path, ("out",))
    (tmp_path / "out" / ".cell.json.1.part").write_text("{")
    assert "left over: out/.cell.json.1.part" in difference(content(tmp_path, ("out",)), whole)
    (tmp_path / "out" / "x.md").write_text("| a | b |\n| 1")
    (tmp_path / "out" / "cell.json").unlink()
    assert "out/x.md is not whole" in broken(tmp_path, ("out",))
