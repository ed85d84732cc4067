import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from msssl_common.report import Report, check_report_path, markdown, print_report, write_report

REPORT = Report(
    title="Speed",
    columns=("what", "[how]", "s"),
    left=(0, 1),
    rows=[("a", "[b]", "1.5"), ("c", "d", "20")],
    notes=["A note."],
    measured={"runs": [1.4, 1.6]},
    where={"machine": "x86"},
)


def test_markdown_sets_numbers_right_and_says_where() -> None:
    assert markdown(REPORT).splitlines() == [
        "# Speed",
        "",
        "| what | [how] | s |",
        "|:--|:--|--:|",
        "| a | [b] | 1.5 |",
        "| c | d | 20 |",
        "",
        "* A note.",
        "",
        "machine: x86  ",
    ]


def test_json_has_what_was_measured(tmp_path: Path) -> None:
    write_report(REPORT, path := tmp_path / "table.json")
    facts = {"title": "Speed", "machine": "x86", "notes": ["A note."], "runs": [1.4, 1.6]}
    assert json.loads(path.read_text()) == facts


def test_cells_are_printed_as_they_are() -> None:
    console = Console(file=io.StringIO(), width=60)
    print_report(console, REPORT)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[how]" in said and "[b]" in said and said.endswith("A note.\n")


def test_a_file_that_is_neither_is_refused() -> None:
    with pytest.raises(ValueError, match=r"--out a\.csv: the file must end in \.md or \.json"):
        check_report_path(Path("a.csv"))
