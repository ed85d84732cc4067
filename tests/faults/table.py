"""``python -m tests.faults.table RESULTS.jsonl ...``: docs/faults.md from what was measured.

Kills of one stage are added up over the files; of a fault, the last file's row counts.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from tests.faults.measure import STAGES

FAULTS = (
    *("disk full", "file size limit", "output read-only", "no permission"),
    *("data folder vanishes", "audio file vanishes", "worker killed", "out of memory"),
)
TEXT = Path(__file__).with_name("faults.md")
Rows = list[dict[str, Any]]


def kill_table(rows: Rows) -> str:
    """Stages by what kills did to them; rows of one stage are added up."""
    lines = [
        "| stage | killed runs | of them at file operations | kills | survived | a kill costs |",
        "|:--|--:|--:|--:|--:|:--|",
    ]
    for stage in STAGES:
        own = [row for row in rows if row["stage"] == stage.name and "kills" in row]
        if own:
            keys = ("trials", "at_operations", "kills", "survived")
            numbers = " | ".join(str(sum(row[key] for row in own)) for key in keys)
            lines.append(f"| {stage.name} | {numbers} | {stage.lost} |")
    return "\n".join(lines)


def fault_table(rows: Rows) -> str:
    """Stages by faults: survived of trials, and in how many the command had to give up."""
    lines = [f"| stage | {' | '.join(FAULTS)} |", "|:--|" + "--:|" * len(FAULTS)]
    for stage in STAGES:
        own = {row["fault"]: row for row in rows if row["stage"] == stage.name and "fault" in row}
        if own:
            cells = (_cell(own.get(fault)) for fault in FAULTS)
            lines.append(f"| {stage.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def sentences(rows: Rows) -> str:
    """A sentence of each fault, from the first stage that has one."""
    lines = []
    for fault in FAULTS:
        said = {row["stage"]: row["sentence"] for row in rows if row.get("fault") == fault}
        told = [(stage.name, said[stage.name]) for stage in STAGES if said.get(stage.name)]
        lines += [f"| {fault} | {stage} | {_short(text)} |" for stage, text in told[:1]]
    return "\n".join(["| fault | stage | what was said |", "|:--|:--|:--|", *lines])


def _short(text: str) -> str:
    """A sentence with long keys and addresses cut, fit for a table."""
    text = re.sub(r"([0-9a-f]{6})[0-9a-f]{10,}", r"\1…", text)
    return re.sub(r"http://127\.0\.0\.1:\d+\S*", "https://zenodo.org/…", text).replace("|", "\\|")


def _cell(row: dict[str, Any] | None) -> str:
    return f"{row['survived']} of {row['trials']} ({row['struck']})" if row else "–"


def main() -> None:
    """Print the page."""
    files = [Path(name).read_text().splitlines() for name in sys.argv[1:]]
    rows = [json.loads(line) for lines in files for line in lines]
    page = TEXT.read_text()
    for name, table in (("KILLS", kill_table), ("FAULTS", fault_table), ("SENTENCES", sentences)):
        page = page.replace(f"<!-- {name} -->", table(rows))
    print(page, end="")


if __name__ == "__main__":
    main()
