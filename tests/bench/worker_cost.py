"""What a worker process costs, where it costs most: clips that all differ in length, a call each.

    python -m tests.bench.worker_cost                     # msssl_hear and logmel, some minutes
    python -m tests.bench.worker_cost --modules benchmark.baselines.logmel --rounds 9

Embeds a task of clips of 0.1 to 1 s, in this process and through a worker process in turns, with
one thread of torch, and prints a Markdown table. Other work on the machine disturbs the wall time;
processor time (of both processes together) hardly.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmark.embeddings.cache import CacheEntry
from benchmark.embeddings.embed import embed_task
from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.models.worker.interpreter import Interpreter
from benchmark.models.worker.module import WorkerModule
from benchmark.report.tables.markdown import markdown_table
from benchmark.tasks.task import Task, read_task
from tests.bench.load_tasks import write_short_task

MODULES = ("msssl_hear=multi", "benchmark.baselines.logmel")
HEADER = (
    *("module", "start and load, s", "in process, s", "through a worker, s", "ratio (each turn)"),
    *("processor time in process, s", "through a worker, s", "page faults per clip in the worker"),
)


@dataclass(frozen=True)
class Turn:
    """A task embedded once.

    Attributes:
        seconds: Wall time.
        cpu_seconds: Processor time of this process and of the worker.
        faults: Page faults of the process that the module is in.
    """

    seconds: float
    cpu_seconds: float
    faults: int


def turn(hear: HearModule, task: Task, folder: Path) -> Turn:
    """Embed a task into a new cache entry."""
    pids = {os.getpid()}
    if isinstance(hear.module, WorkerModule):
        pids.add(pid := hear.module.pid)
    else:
        pid = os.getpid()
    cpu, faults, started = _cpu_seconds(pids), _stat(pid)[6], time.perf_counter()
    embed_task(hear, task, CacheEntry(folder))
    seconds = time.perf_counter() - started
    return Turn(seconds, _cpu_seconds(pids) - cpu, _stat(pid)[6] - faults)


def _cpu_seconds(pids: set[int]) -> float:
    ticks = sum(sum(_stat(pid)[10:12]) for pid in pids)
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[int]:
    """Numbers behind the state in ``/proc/PID/stat``, see proc(5)."""
    text = Path(f"/proc/{pid}/stat").read_text()
    return [int(number) for number in text.rpartition(")")[2].split()[1:]]


def turns(spec: str, task: Task, rounds: int, folder: Path) -> tuple[float, list[Turn], list[Turn]]:
    """Seconds until a worker has loaded a module, and turns in process and through the worker."""
    here = load_hear_module(spec)
    started = time.perf_counter()
    elsewhere = load_hear_module(spec, interpreter=Interpreter.here())
    start = time.perf_counter() - started
    found: tuple[list[Turn], list[Turn]] = ([], [])
    try:
        for number in range(rounds + 1):
            for place, hear in enumerate((here, elsewhere)):
                done = turn(hear, task, folder / f"{spec}-{number}-{place}")
                if number:  # the first warms up
                    found[place].append(done)
    finally:
        elsewhere.close()
    return start, *found


def row(spec: str, clips: int, start: float, here: list[Turn], there: list[Turn]) -> list[str]:
    """A row of the table."""
    ratios = sorted(b.seconds / a.seconds for a, b in zip(here, there, strict=True))
    median = statistics.median
    seconds = [f"{median(turn.seconds for turn in some):.2f}" for some in (here, there)]
    cpu = [f"{median(turn.cpu_seconds for turn in some):.2f}" for some in (here, there)]
    faults = f"{median(turn.faults for turn in there) / clips:.0f}"
    ratio = f"{median(ratios):.2f} ({', '.join(f'{ratio:.2f}' for ratio in ratios)})"
    return [f"`{spec}`", f"{start:.1f}", *seconds, ratio, *cpu, faults]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--modules", nargs="+", default=MODULES)
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        task = read_task(write_short_task(folder / "short", options.clips))
        rows = [
            row(spec, options.clips, *turns(spec, task, options.rounds, folder / "cache"))
            for spec in options.modules
        ]
    print("\n".join(markdown_table(HEADER, rows)))


if __name__ == "__main__":
    main()
