"""Many clips, and long ones, through `msbench run`: memory, throughput, open files, disk.

    python -m tests.bench.load --dir DIR            # about 7 GB in DIR, which is left for you
    python -m tests.bench.load --dir DIR --out docs/load.md
    python -m tests.bench.load --dir DIR --kinds short --clips 10000

Makes a scene task of 50,000 clips of 0.1 to 1 s (``short``) and an event task of 200 clips of five
minutes (``long``), runs each module on its task in a process of its own (`--grid faster`), watches
the process from outside four times a second, and prints Markdown tables, or puts them into a page
between its marks ``<!-- short -->`` and ``<!-- /short -->``, and the like.

`level` is a made-up module that costs next to nothing and has 512 numbers, as the encoder has.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmark.report.tables.markdown import markdown_table
from benchmark.results.cell_files import load_cell
from benchmark.results.cells import Cost
from tests.bench.filled_page import fill_page
from tests.bench.load_tasks import write_long_task, write_short_task
from tests.bench.long_tasks import SOURCE
from tests.bench.watched_run import Sample, Watched, watched_run

LEVEL = "level"
MODULES = {
    "short": (LEVEL, "benchmark.baselines.logmel"),
    "long": ("benchmark.baselines.logmel", "msssl_hear"),
}
CLIPS = {"short": 50_000, "long": 200}
SHARES = (0.1, 0.5, 0.9)
MSBENCH = "from benchmark.cli import main; main()"


@dataclass(frozen=True)
class Row:
    """A module on a task.

    Attributes:
        task: Name of the task.
        module: Import name.
        clips: In all splits.
        audio_seconds: Their length.
        watched: The run.
    """

    task: str
    module: str
    clips: int
    audio_seconds: float
    watched: Watched

    @property
    def embedded_bytes(self) -> int:
        """Of embeddings and timestamps at the end."""
        return self.watched.samples[-1].embedded

    @property
    def embedding(self) -> list[Sample]:
        """From the first embeddings on disk to the last ones."""
        whole = self.embedded_bytes
        rising = [s for s in self.watched.samples if 0 < s.embedded < whole]
        return rising + [s for s in self.watched.samples if s.embedded == whole][:1]

    @property
    def heads(self) -> list[Sample]:
        """From then on to the cell."""
        end = self.embedding[-1].seconds
        return [s for s in self.watched.samples if s.seconds >= end and not s.scored]

    @property
    def report(self) -> list[Sample]:
        """From the cell to the end."""
        return [s for s in self.watched.samples if s.scored] or self.watched.samples[-1:]

    def at(self, share: float) -> Sample:
        """When that share of the embeddings was on disk."""
        return next(s for s in self.embedding if s.embedded >= share * self.embedded_bytes)


def measure(work: Path, task: Path, module: str) -> Row:
    """One module on one task, embeddings not cached before."""
    out = work / "out" / task.name
    before = set(out.glob("cells/*.json"))
    arguments = ["run", module, "--no-floor", "--tasks-dir", str(task), "--grid", "faster"]
    command = [sys.executable, "-c", MSBENCH, *arguments, "--out", str(out)]
    watched = watched_run(command, work, out / "cells")
    (path,) = set(out.glob("cells/*.json")) - before
    cell = load_cell(path)
    assert cell is not None and isinstance(cell.cost, Cost), cell
    return Row(task.name, module, cell.cost.clips, cell.cost.audio_seconds, watched)


def tables(rows: list[Row]) -> list[str]:
    """Throughput, memory, files and disk, as lines of Markdown."""
    names = [[row.task, row.module.removeprefix("benchmark.baselines.")] for row in rows]
    head = ["task", "module"]
    speed = markdown_table(
        [
            *[*head, "clips", "audio, h", "before, s", "embedding, s", "clips / s", "audio s / s"],
            *["heads, s", "report, s", "all, CPU s"],
        ],
        [name + _speed(row) for name, row in zip(names, rows, strict=True)],
    )
    memory = markdown_table(
        [
            *[*head, *(f"at {100 * share:.0f} %" for share in SHARES), "bytes per clip"],
            *["most: embedding", "heads", "report", "with mapped files"],
        ],
        [name + _memory(row) for name, row in zip(names, rows, strict=True)],
    )
    disk = markdown_table(
        [*head, "open files", "embeddings, MB", "beside them at most, MB", "left of it, MB"],
        [name + _disk(row) for name, row in zip(names, rows, strict=True)],
    )
    return [*speed, "", *memory, "", *disk]


def report_table(folder: Path, watched: Watched) -> list[str]:
    """What the tables of a results folder weigh, and what writing them again costs."""
    sizes = [(folder / "leaderboard.html").stat().st_size]
    sizes.append(max(path.stat().st_size for path in folder.glob("cells/*.npz")))
    sizes.append(max(path.stat().st_size for path in folder.glob("cells/*.json")))
    row = [*(f"{size / 1e3:,.0f} kB" for size in sizes)]
    row += [f"{watched.seconds:.1f}", f"{watched.cpu_seconds:.1f}"]
    row += [f"{watched.peak_resident / 1e6:,.0f} MB"]
    return markdown_table(
        ["table", "page", "predictions", "cell", "msbench report, s", "CPU s", "peak memory"],
        [[folder.name, *row]],
    )


def _speed(row: Row) -> list[str]:
    samples = row.embedding
    first = max((s.seconds for s in row.watched.samples if s.embedded == 0), default=0.0)
    seconds = samples[-1].seconds - first
    heads = [s.seconds for s in row.heads]
    report = row.watched.seconds - row.report[0].seconds
    return [
        f"{row.clips:,}",
        f"{row.audio_seconds / 3600:.1f}",
        f"{first:.1f}",
        f"{seconds:.1f}",
        f"{row.clips / seconds:,.1f}",
        f"{row.audio_seconds / seconds:,.0f}",
        f"{heads[-1] - heads[0] if heads else 0:.1f}",
        f"{report:.1f}",
        f"{row.watched.cpu_seconds:.0f}",
    ]


def _memory(row: Row) -> list[str]:
    at = [row.at(share).anonymous for share in SHARES]
    per_clip = (at[-1] - at[0]) / ((SHARES[-1] - SHARES[0]) * row.clips)
    most = [
        max((s.anonymous for s in part), default=0)
        for part in (row.embedding, row.heads, row.report)
    ]
    return [
        *(f"{value / 1e6:,.0f} MB" for value in at),
        f"{per_clip:,.0f}",
        *(f"{value / 1e6:,.0f} MB" for value in [*most, row.watched.peak_resident]),
    ]


def _disk(row: Row) -> list[str]:
    samples = row.watched.samples
    return [
        f"{max(s.files for s in samples)}",
        f"{row.embedded_bytes / 1e6:,.0f}",
        f"{max(s.other for s in samples) / 1e6:,.1f}",
        f"{samples[-1].other / 1e6:,.1f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--dir", type=Path, required=True, help="for audio, cache and results")
    parser.add_argument("--kinds", default=",".join(CLIPS), metavar="KIND,...")
    parser.add_argument("--modules", metavar="MODULE,...", help=f"{MODULES}")
    parser.add_argument("--clips", type=int, help=f"of each kind {CLIPS}", metavar="N")
    parser.add_argument("--long-seconds", type=float, default=300.0, metavar="SECONDS")
    parser.add_argument("--out", type=Path, help="page with a place for the tables")
    arguments = parser.parse_args()
    work = arguments.dir.resolve()
    if (work / "cache").exists():
        parser.error(f"{work} has an earlier run's cache and results: give another folder")
    work.mkdir(parents=True, exist_ok=True)
    (work / f"{LEVEL}.py").write_text(SOURCE)
    for kind in arguments.kinds.split(","):
        clips = arguments.clips or CLIPS[kind]
        seconds = f"x{arguments.long_seconds:g}s" if kind == "long" else ""
        task = work / f"{kind}{clips}{seconds}"
        if not task.exists():
            part = work / "part" / task.name  # half a task is none
            if kind == "short":
                write_short_task(part, clips)
            else:
                write_long_task(part, clips, arguments.long_seconds)
            part.rename(task)
        rows = []
        for module in arguments.modules.split(",") if arguments.modules else MODULES[kind]:
            rows.append(measure(work, task, module))
            print("\n".join(tables(rows[-1:])), flush=True)
        out = work / "out" / task.name
        command = [sys.executable, "-c", MSBENCH, "report", str(out)]
        lines = [*tables(rows), "", *report_table(out, watched_run(command, work, out / "cells"))]
        print("\n".join(lines), flush=True)
        if arguments.out:
            fill_page(arguments.out, kind, lines)


if __name__ == "__main__":
    main()
