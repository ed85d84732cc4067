"""What a run on a GPU finds: comparisons, speeds, and what became of each section."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from msssl_common.files import write_text


@dataclass(frozen=True)
class Check:
    """One comparison.

    Attributes:
        name: What was compared.
        difference: The largest, relative where `tolerance` says so.
        tolerance: What is allowed.
    """

    name: str
    difference: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the difference is allowed; NaN is not."""
        return self.difference <= self.tolerance


@dataclass(frozen=True)
class Speed:
    """One measurement.

    Attributes:
        name: What was timed.
        value: In `unit`.
        unit: Of `value` and `target`.
        target: What is wanted; None where there is none.
        least: Whether the target is a least value; else a most.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    least: bool = True

    @property
    def reached(self) -> bool | None:
        """Whether the target is; None without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.least else self.value <= self.target


Finding = Check | Speed


@dataclass
class Report:
    """All that was found so far.

    Attributes:
        place: Device, cores and versions.
        seconds: Since the start.
        checks: In the order in which they came.
        speeds: Likewise.
        sections: What became of each: "whole", or why not.
        broken: Sections that ended by an error.
    """

    place: str = "a device that did not answer"
    seconds: float = 0.0
    checks: list[Check] = field(default_factory=list)
    speeds: list[Speed] = field(default_factory=list)
    sections: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong, as far as it was compared."""
        return not self.broken and all(check.passed for check in self.checks)

    def add(self, finding: Mapping[str, Any], on_cpu: bool) -> None:
        """Take what `as_json` gave; targets are of a GPU."""
        if "difference" in finding:
            self.checks.append(Check(**finding))
            return
        speed = Speed(**finding)
        self.speeds.append(replace(speed, target=None) if on_cpu else speed)

    def write(self, path: Path) -> None:
        """Write both files, ``path`` with .json and with .md."""
        facts = {"on": self.place, "seconds": self.seconds, "sections": self.sections}
        facts |= {"checks": [asdict(c) for c in self.checks]}
        facts |= {"speeds": [asdict(s) for s in self.speeds]}
        write_text(path.with_suffix(".json"), json.dumps(facts, indent=1) + "\n")
        write_text(path.with_suffix(".md"), self.markdown())

    def markdown(self) -> str:
        """The tables."""
        lines = [f"On {self.place}, {self.seconds:.0f} seconds."]
        lines += ["", "| check | difference | at most | |", "|:--|--:|--:|:--|"]
        for check in self.checks:
            verdict = "ok" if check.passed else "**wrong**"
            tail = f"{check.difference:.1e} | {check.tolerance:g} | {verdict} |"
            lines.append(f"| {check.name} | {tail}")
        lines += ["", "| speed | measured | target | |", "|:--|--:|--:|:--|"]
        for speed in self.speeds:
            target = "" if speed.target is None else f"{speed.target:,g}"
            verdict = {None: "", True: "reached", False: "missed"}[speed.reached]
            tail = f"{speed.value:,.4g} | {target} | {verdict} |"
            lines.append(f"| {speed.name}, {speed.unit} | {tail}")
        if self.sections:
            lines += ["", "| section | |", "|:--|:--|"]
        lines += [f"| {name} | {became} |" for name, became in self.sections.items()]
        return "\n".join(lines) + "\n"


def as_json(finding: Finding) -> str:
    """One line."""
    return json.dumps(asdict(finding))
