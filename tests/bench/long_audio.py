"""Long audio through every bundled module: memory, time, and chunks beside one piece.

    python -m tests.bench.long_audio                          # eight minutes of processor time
    python -m tests.bench.long_audio --out docs/long_audio.md
    python -m tests.bench.long_audio --modules tests.bench.untrained_cnn14 --mark cnn14

Prints Markdown tables, or puts them into a page between its marks ``<!-- long audio -->`` and
``<!-- /long audio -->``. Every module and length has a process of its own, with one thread. Exit
status 1: twenty minutes took 16 GB, or grew faster than the audio, or chunks changed embeddings.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.baselines import logmel
from benchmark.baselines.panns import frames as panns_frames
from benchmark.embeddings.peak_memory import PeakMemory
from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.models.specs import BASELINES, baseline_names
from benchmark.report.tables.markdown import escape, markdown_table
from msssl_hear import model as hear_model
from tests import ROOT
from tests.bench.filled_page import fill_page

MARK = "long audio"
MODULES = (
    "msssl_hear",
    "msssl_hear=:paper",
    *(f"{BASELINES}.{name}" for name in baseline_names()),
)
SECONDS = (10.0, 60.0, 300.0, 1200.0)
WHOLE_SECONDS = 300.0  # for which an encoder in one piece still fits beside other work
FUNCTIONS = ("scene", "timestamps")
LIMIT_BYTES = 16e9
LIMIT_GROWTH = 1.5  # of time per second of audio, from one minute on; busy machines scatter
LIMIT_DIFFERENCE = 1e-4  # of an embedding's norm, as HearModel promises

Embedder = Callable[[torch.Tensor], NDArray[np.float32]]


@dataclass(frozen=True)
class Measurement:
    """One module and length, by function ("scene", "timestamps").

    Attributes:
        label: The module's row in leaderboards.
        cpu_seconds: Processor time.
        peak_bytes: Memory beside the model and the audio, at the peak (``PeakMemory``).
        returned_bytes: The part of it that is the embeddings.
        process_bytes: Largest resident memory of the process, Python and libraries included.
    """

    label: str
    cpu_seconds: dict[str, float]
    peak_bytes: dict[str, int]
    returned_bytes: dict[str, int]
    process_bytes: int


@dataclass(frozen=True)
class Comparison:
    """A module in chunks beside the same in one piece, by function.

    Attributes:
        label: The module's row in leaderboards.
        difference: Largest norm of a difference, as a share of the embedding's norm.
        peak_bytes: Memory beside the model and the audio, of scenes: in chunks, in one piece.
    """

    label: str
    difference: dict[str, float]
    peak_bytes: tuple[int, int]


def measure(spec: str, seconds: float) -> Measurement:
    """Embed noise of a length in this process."""
    hear, functions, audio = _prepared(spec, seconds)
    cpu_seconds, peaks, returned = {}, {}, {}
    for name, embed in functions.items():
        started = time.process_time()
        with PeakMemory(torch.nn.Identity(), "cpu") as memory:
            embeddings = embed(audio)
        cpu_seconds[name] = time.process_time() - started
        assert memory.bytes is not None
        peaks[name], returned[name] = memory.bytes, embeddings.nbytes
    process = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Measurement(hear.label, cpu_seconds, peaks, returned, process)


def compare(spec: str, seconds: float) -> Comparison:
    """Embed noise in chunks, as the module does, and in one piece, as it would without them."""
    hear, functions, audio = _prepared(spec, seconds)
    differences, peaks = {}, []
    for name, embed in functions.items():
        with PeakMemory(torch.nn.Identity(), "cpu") as in_chunks:
            chunks = embed(audio)
        with ExitStack() as patches, PeakMemory(torch.nn.Identity(), "cpu") as in_one_piece:
            for patched in without_chunks():
                patches.enter_context(patched)
            whole = embed(audio)
        differences[name] = relative_difference(chunks, whole)
        peaks.append((in_chunks.bytes, in_one_piece.bytes))
    return Comparison(hear.label, differences, peaks[0])


def without_chunks() -> list["patch"]:
    """What takes the chunks away from every bundled module."""
    endless = 1 << 40  # log-mel frames
    return [
        patch.object(hear_model, "CHUNK_FRAMES", endless),
        patch.object(hear_model, "GROUP_FRAMES", endless),
        patch.object(panns_frames, "PASS_FRAMES", endless),
        patch.object(logmel, "CHUNK_FRAMES", endless),
    ]


def relative_difference(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    """Largest norm of a difference over the embedding's norm, embeddings along the last axis."""
    difference = np.linalg.norm(ours.astype(np.float64) - theirs, axis=-1)
    return float((difference / np.linalg.norm(theirs.astype(np.float64), axis=-1)).max())


def _prepared(spec: str, seconds: float) -> tuple[HearModule, dict[str, Embedder], torch.Tensor]:
    """A module that has embedded something before, its two functions, and audio."""
    torch.set_num_threads(1)
    hear = load_hear_module(spec)
    functions: dict[str, Embedder] = {
        "scene": hear.scene,
        "timestamps": lambda audio: hear.timestamps(audio)[0],
    }
    generator = torch.Generator().manual_seed(0)
    audio = torch.randn(1, round(seconds * hear.sample_rate), generator=generator) * 0.1
    for embed in functions.values():
        embed(audio[:, : hear.sample_rate])
    return hear, functions, audio


def in_own_process(what: str, spec: str, seconds: float) -> dict[str, object]:
    """``measure`` or ``compare`` in a fresh process; the fields of what it returns.

    Raises:
        RuntimeError: It failed.
    """
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.bench.long_audio",
            "--own",
            json.dumps([what, spec, seconds]),
        ],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{what} of {spec}, {seconds:g} s, failed: {done.stderr[-2000:]}")
    fields: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return fields


def tables(
    measured: Sequence[Sequence[Measurement]],
    compared: Sequence[Comparison],
    seconds: Sequence[float],
    whole_seconds: float,
) -> list[str]:
    """Lines of Markdown: time, memory, chunks. A row of ``measured`` has a length in each place."""
    lengths = [_length(length) for length in seconds]
    time_rows, memory_rows = [], []
    for row in measured:
        for name in FUNCTIONS:
            spent = [one.cpu_seconds[name] for one in row]
            per_second = [cpu / length for cpu, length in zip(spent, seconds, strict=True)]
            label = [escape(row[-1].label), name]
            time_rows.append(
                [*label, *(f"{s:.2f}" for s in spent), *(f"{1e3 * s:.1f}" for s in per_second)]
            )
            peaks = [_megabytes(one.peak_bytes[name]) for one in row]
            memory_rows.append(
                [*label, *peaks, _megabytes(row[-1].returned_bytes[name]), _gigabytes(row[-1])]
            )
    head = ["module", "function"]
    spent_head = [f"{length}, CPU s" for length in lengths]
    rates_head = [f"{length}, ms per s" for length in lengths]
    return [
        *markdown_table([*head, *spent_head, *rates_head], time_rows),
        "",
        *markdown_table(
            [
                *head,
                *(f"{length}, MB" for length in lengths),
                "of it embeddings, MB",
                "process, GB",
            ],
            memory_rows,
        ),
        "",
        *markdown_table(
            [
                f"module, {_length(whole_seconds)}",
                *(f"{name}, difference" for name in FUNCTIONS),
                *["in chunks, MB", "in one piece, MB"],
            ],
            [
                [
                    escape(one.label),
                    *(f"{one.difference[name]:.1e}" for name in FUNCTIONS),
                    *map(_megabytes, one.peak_bytes),
                ]
                for one in compared
            ],
        ),
    ]


def faults(
    measured: Sequence[Sequence[Measurement]],
    compared: Sequence[Comparison],
    seconds: Sequence[float],
) -> list[str]:
    """What breaks the promises, a sentence each."""
    found = []
    for row in measured:
        label = row[-1].label
        if row[-1].process_bytes > LIMIT_BYTES:
            found.append(f"{label} took {_gigabytes(row[-1])} GB for {_length(seconds[-1])}.")
        for name in FUNCTIONS:
            rates = [one.cpu_seconds[name] / s for one, s in zip(row, seconds, strict=True)]
            growth = rates[-1] / rates[1]  # the shortest length has more overhead than work
            if growth > LIMIT_GROWTH:
                found.append(f"{label}, {name}: a second of audio took {growth:.1f} times as long.")
    for one in compared:
        for name, difference in one.difference.items():
            if not difference <= LIMIT_DIFFERENCE:
                found.append(f"{one.label}, {name}: chunks changed embeddings by {difference:.1e}.")
    return found


def _length(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else f"{seconds / 60:g} min"


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f}"


def _gigabytes(one: Measurement) -> str:
    return f"{one.process_bytes / 1e9:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--modules", default=",".join(MODULES), metavar="MODULE,...")
    parser.add_argument("--out", type=Path, help="page with a place for the tables")
    parser.add_argument("--mark", default=MARK, help="name of the place [%(default)s]")
    parser.add_argument("--whole-seconds", type=float, default=WHOLE_SECONDS, metavar="SECONDS")
    parser.add_argument("--own", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.own:
        what, spec, seconds = json.loads(arguments.own)
        print(json.dumps(asdict({"measure": measure, "compare": compare}[what](spec, seconds))))
        return
    whole_seconds = arguments.whole_seconds
    specs = arguments.modules.split(",")
    measured, compared = [], []
    for spec in specs:
        rows = [Measurement(**in_own_process("measure", spec, length)) for length in SECONDS]
        measured.append(rows)
        compared.append(Comparison(**in_own_process("compare", spec, whole_seconds)))
        print(f"{rows[-1].label}: measured", file=sys.stderr, flush=True)
    lines = tables(measured, compared, SECONDS, whole_seconds)
    print("\n".join(lines))
    if arguments.out:
        fill_page(arguments.out, arguments.mark, lines)
    found = faults(measured, compared, SECONDS)
    print("\n".join(found), file=sys.stderr)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{spent.ru_utime + spent.ru_stime:.0f} s of processor time", file=sys.stderr)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
