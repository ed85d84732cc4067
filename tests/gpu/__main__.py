"""Check every path on a GPU against the CPU, and time it: six minutes, nothing to download.

    python -m tests.gpu --out gpu        # writes gpu.md and gpu.json; ends with 1 where a check
    fails

What matters most comes first, and both files are written after each line. A section that takes too
long or breaks is given up, and the next one has a process of its own. Without a GPU, the CPU stands
in for it with few steps: then the speeds mean nothing, and no section is given up.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from tests.gpu.findings import Report
from tests.gpu.sections import SECONDS

LIMIT = 345.0  # seconds; who kills after six minutes finds the files written
START = 180.0  # that a process may take before its first section, also on a busy machine


class Run:
    """The sections that are left, the process that does them, and what it found."""

    def __init__(self, device: str, out: Path, limit: float, left: dict[str, float]) -> None:
        """Start nothing yet.

        Args:
            device: As the user names it.
            out: Files' name, no suffix.
            limit: Seconds for all.
            left: Seconds for each section, in their order.
        """
        self.device, self.out, self.left = device, out, left
        self.started = time.monotonic()
        self.ends = self.started + limit
        self.report = Report()
        self.on_cpu = False

    def all(self) -> Report:
        """Do what is left, by as many processes as it takes."""
        while self.left and time.monotonic() < self.ends:
            self._one_process()
        for name in self.left:
            self.report.sections[name] = "left out: no time"
        self._write()
        return self.report

    def command(self) -> list[str]:
        """Of the process that does what is left."""
        return [sys.executable, "-m", "tests.gpu.child", self.device, *self.left]

    def _one_process(self) -> None:
        """Do sections until one takes too long or breaks, or all are done."""
        child = subprocess.Popen(
            self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=_read, args=(child, lines), daemon=True).start()
        section, until = "", time.monotonic() + START
        try:
            while True:
                wait = (self.ends if self.on_cpu else min(until, self.ends)) - time.monotonic()
                line = lines.get(timeout=max(wait, 0.01))
                if line is None:
                    break
                facts = json.loads(line)
                self.report.seconds = time.monotonic() - self.started
                print(f"{self.report.seconds:5.0f} s  {line.strip()}", file=sys.stderr, flush=True)
                if begun := facts.get("begin"):
                    section, until = begun, time.monotonic() + self.left.pop(begun)
                self._take(section, facts)
            if self.report.sections.get(section, "cut off") == "cut off":
                self._broken(section or "start", "the process ended")
        except queue.Empty:
            self._stopped(section)
        finally:
            child.kill()
            child.wait()

    def _take(self, section: str, facts: dict[str, object]) -> None:
        """What one line says."""
        if "place" in facts:
            self.report.place, self.on_cpu = str(facts["place"]), bool(facts["on_cpu"])
        elif "broken" in facts:
            self._broken(section, str(facts["broken"]))
        elif "end" in facts:
            self.report.sections[section] = "whole"
        elif "begin" in facts:
            self.report.sections[section] = "cut off"  # as long as it is not whole
        else:
            self.report.add(facts, self.on_cpu)
        self._write()

    def _stopped(self, section: str) -> None:
        """It took too long."""
        if not section:
            self._broken("start", "the process took too long to start")
            return
        self.report.sections[section] = "stopped: it took too long"
        if time.monotonic() >= self.ends:
            self.report.sections[section] = "stopped: the time was over"

    def _broken(self, section: str, reason: str) -> None:
        self.report.sections[section] = f"**broken**: {reason}"
        self.report.broken.append(section)
        if section == "start":  # no other process would start, either
            self.left.clear()

    def _write(self) -> None:
        self.report.seconds = time.monotonic() - self.started
        self.report.write(self.out)


def _read(child: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    """Hand on each line; None at the end."""
    assert child.stdout is not None
    for line in child.stdout:
        lines.put(line)
    lines.put(None)


def main(arguments: list[str] | None = None) -> int:
    """Run all sections, or those that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto", help="cuda, cuda:N, mps, cpu or auto")
    parser.add_argument("--out", type=Path, default=Path("gpu"), help="files' name, no suffix")
    parser.add_argument("--only", nargs="+", choices=[*SECONDS], help="these sections alone")
    parser.add_argument("--limit-seconds", type=float, default=LIMIT, help=f"of all; {LIMIT:g}")
    asked = parser.parse_args(arguments)
    left = {name: own for name, own in SECONDS.items() if name in (asked.only or SECONDS)}
    report = Run(asked.device, asked.out, asked.limit_seconds, left).all()
    print(report.markdown())
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
