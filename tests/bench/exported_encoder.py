"""Size, speed and memory of exported encoders, beside the model in torch.

    python -m tests.bench.exported_encoder --out docs/export.md      # three minutes of one core

Prints a Markdown table, or puts it into a page between ``<!-- exported -->`` and
``<!-- /exported -->``. Every row has a process of its own, with one thread; the one of onnxruntime
does not import torch. Times are processor time, the least of several calls, so that a busy machine
counts for little.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tests.bench.filled_page import fill_page

MARK = "exported"
MODELS = ("multi", "multi:paper", "cola")
RUNTIMES = {"model": "msssl_hear", "onnx": "onnxruntime", "torch": "torch.export"}
RATE = 16_000
BATCHES = ((1, 1.0), (1, 10.0), (1, 60.0), (32, 1.0))  # clips, seconds
LONG_SECONDS = 1200.0
LEAST_OF = 7


@dataclass(frozen=True)
class Measurement:
    """One model in one runtime.

    Attributes:
        bytes: Of the file; of the checkpoint for the model itself.
        load_seconds: Processor time from importing the runtime to the first embeddings.
        milliseconds: Processor time of each batch in ``BATCHES``.
        minute_bytes: Largest resident memory of the process after a minute of audio.
        long_bytes: After twenty minutes.
    """

    bytes: int
    load_seconds: float
    milliseconds: list[float]
    minute_bytes: int
    long_bytes: int


def embedder(runtime: str, name: str, path: Path) -> Callable[[np.ndarray], object]:
    """What embeds float32 audio, shape (clips, samples); imports its runtime alone."""
    if runtime == "onnx":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda audio: session.run(None, {"audio": audio})
    import torch

    torch.set_num_threads(1)
    if runtime == "torch":
        program = torch.export.load(path).module()
        call = program
    else:
        import msssl_hear

        model = msssl_hear.load_model(name)

        call = model.frame_embeddings  # scenes would be a second pass; the others have one for both

    def embed(audio: np.ndarray) -> object:
        with torch.inference_mode():
            return call(torch.from_numpy(audio))

    return embed


def measure(runtime: str, name: str, path: Path) -> Measurement:
    """Measure in this process."""
    started = time.process_time()
    embed = embedder(runtime, name, path)
    embed(noise(1, 0.1))
    loaded = time.process_time() - started
    milliseconds = [1e3 * least_time(embed, noise(*batch)) for batch in BATCHES]
    minute = peak_bytes()
    embed(noise(1, LONG_SECONDS))
    return Measurement(path.stat().st_size, loaded, milliseconds, minute, peak_bytes())


def noise(clips: int, seconds: float) -> np.ndarray:
    draw = np.random.default_rng(0)
    return 0.1 * draw.standard_normal((clips, round(seconds * RATE)), dtype=np.float32)


def least_time(embed: Callable[[np.ndarray], object], audio: np.ndarray) -> float:
    spent = []
    for _ in range(LEAST_OF):
        started = time.process_time()
        embed(audio)
        spent.append(time.process_time() - started)
    return min(spent)


def peak_bytes() -> int:
    """Of this program alone: ru_maxrss begins with what the parent held."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def in_own_process(runtime: str, name: str, path: Path) -> Measurement:
    command = [sys.executable, "-m", "tests.bench.exported_encoder"]
    done = subprocess.run(
        [*command, "--own", json.dumps([runtime, name, str(path)])],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{name} in {runtime} failed: {done.stderr[-2000:]}")
    return Measurement(**json.loads(done.stdout.splitlines()[-1]))


def measured_rows(folder: Path) -> list[list[str]]:
    import msssl_hear
    from msssl_hear.export import export_encoder

    rows = []
    for name in MODELS:
        model = msssl_hear.load_model(name)
        weights = msssl_hear.WEIGHTS / f"{name.partition(':')[0]}.safetensors"
        for runtime, label in RUNTIMES.items():
            path, difference = weights, "–"
            if runtime != "model":
                exported = export_encoder(model, folder / f"{name}.{runtime}", runtime)
                path, difference = exported.path, f"{exported.difference:.0e}"
            one = in_own_process(runtime, name, path)
            rows.append([name, label, f"{one.bytes / 1e6:.1f}", difference, *numbers(one)])
            print(" ".join(rows[-1]), file=sys.stderr, flush=True)
    return rows


def numbers(one: Measurement) -> list[str]:
    return [
        f"{one.load_seconds:.1f}",
        *(f"{spent:.0f}" if spent >= 10 else f"{spent:.1f}" for spent in one.milliseconds),
        f"{one.minute_bytes / 1e6:,.0f}",
        f"{one.long_bytes / 1e6:,.0f}",
    ]


def table(rows: list[list[str]]) -> list[str]:
    head = ["model", "runs in", "file, MB", "difference", "ready, s", "1 s, ms", "10 s, ms"]
    head += ["1 min, ms", "32 clips of 1 s, ms", "process, 1 min, MB", "20 min, MB"]
    rule = [":--", ":--", *["--:"] * (len(head) - 2)]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="page with a place for the table")
    parser.add_argument("--own", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.own:
        runtime, name, path = json.loads(arguments.own)
        print(json.dumps(asdict(measure(runtime, name, Path(path)))))
        return
    with tempfile.TemporaryDirectory() as folder:
        lines = table(measured_rows(Path(folder)))
    print("\n".join(lines))
    if arguments.out:
        fill_page(arguments.out, MARK, lines)


if __name__ == "__main__":
    main()
