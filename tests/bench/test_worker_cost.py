"""The measurement of worker processes: what it counts, and its table."""

import os
from pathlib import Path

from benchmark.models.hear_module import load_hear_module
from benchmark.tasks.task import read_task
from tests.bench.load_tasks import write_short_task
from tests.bench.worker_cost import HEADER, Turn, row, turn


def test_a_turn_counts_the_time_of_this_process(tmp_path: Path) -> None:
    task = read_task(write_short_task(tmp_path / "short", 10))
    before = sum(os.times()[:2])
    done = turn(load_hear_module("benchmark.baselines.logmel"), task, tmp_path / "entry")
    assert 0 <= done.cpu_seconds <= sum(os.times()[:2]) - before + 0.02  # clock ticks of 10 ms
    assert done.seconds > 0
    assert done.faults > 0
    assert len(list((tmp_path / "entry").glob("*.npy"))) == 5


def test_ratios_are_of_neighbouring_turns() -> None:
    here = [Turn(seconds, 1.0, 7) for seconds in (1.0, 2.0, 4.0)]
    there = [Turn(seconds, 2.5, 300) for seconds in (1.5, 2.0, 4.8)]
    cells = row("module", 100, 1.44, here, there)
    assert len(cells) == len(HEADER)
    assert cells[1:] == ["1.4", "2.00", "2.00", "1.20 (1.00, 1.20, 1.50)", "1.00", "2.50", "3"]
