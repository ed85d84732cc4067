"""Check every path on a GPU against the CPU, and time it: at most six minutes, nothing to download.

    python -m tests.gpu --out gpu        # writes gpu.md and gpu.json; ends with 1 where a check
    fails

Without a GPU, the CPU stands in for it with few steps: then the speeds mean nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from msssl_common.devices import resolve_device
from msssl_common.files import write_text
from tests.gpu.agreement import Check, all_checks
from tests.gpu.throughput import Speed, all_speeds, place


def markdown(title: str, checks: list[Check], speeds: list[Speed]) -> str:
    """Both tables."""
    lines = [f"On {title}.", "", "| check | difference | at most | |", "|:--|--:|--:|:--|"]
    for check in checks:
        verdict = "ok" if check.passed else "**wrong**"
        lines.append(f"| {check.name} | {check.difference:.1e} | {check.tolerance:g} | {verdict} |")
    lines += ["", "| speed | measured | target | |", "|:--|--:|--:|:--|"]
    for speed in speeds:
        target = "" if speed.target is None else f"{speed.target:,g}"
        verdict = {None: "", True: "reached", False: "missed"}[speed.reached]
        lines.append(f"| {speed.name}, {speed.unit} | {speed.value:,.4g} | {target} | {verdict} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Run all; what is there is written after each line, so that a killed run keeps it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto", help="cuda, cuda:N, mps, cpu or auto")
    parser.add_argument("--out", type=Path, default=Path("gpu"), help="files' name, no suffix")
    parser.add_argument("--checks-only", action="store_true", help="leave out the speeds")
    asked = parser.parse_args(arguments)
    device = resolve_device(asked.device)
    title = place(device)
    checks: list[Check] = []
    speeds: list[Speed] = []
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        parts = [all_checks(device, Path(folder) / "checks")]
        if not asked.checks_only:
            parts.append(all_speeds(device, Path(folder) / "speeds", small=device == "cpu"))
        for part in parts:
            for found in part:
                if isinstance(found, Check):
                    checks.append(found)
                else:  # targets are of a GPU
                    speeds.append(replace(found, target=None) if device == "cpu" else found)
                seconds = time.perf_counter() - started
                print(f"{seconds:5.0f} s  {found}", file=sys.stderr, flush=True)
                facts = {"on": title, "seconds": seconds}
                facts |= {"checks": [asdict(c) for c in checks]}
                facts |= {"speeds": [asdict(s) for s in speeds]}
                write_text(asked.out.with_suffix(".json"), json.dumps(facts, indent=1) + "\n")
                write_text(asked.out.with_suffix(".md"), markdown(title, checks, speeds))
    print(markdown(title, checks, speeds))
    return int(not all(check.passed for check in checks))


if __name__ == "__main__":
    sys.exit(main())
