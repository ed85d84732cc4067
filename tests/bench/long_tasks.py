"""Peak memory of a long event task at 1x, 4x and 16x the clips: checking, embedding, training.

Made-up 30 s clips, a made-up module with 512 numbers every 40 ms, every stage in a process of its
own. Memory is what `benchmark.embeddings.peak_memory` counts: anonymous pages, not mapped files,
which the system drops when it needs the room.

    python -m tests.bench.long_tasks --clips 50,200,800
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import torch

from benchmark.embeddings.cache import CacheEntry
from benchmark.embeddings.embed import embed_task
from benchmark.embeddings.peak_memory import PeakMemory
from benchmark.heads.evaluate import evaluate_task
from benchmark.models.hear_module import load_hear_module
from benchmark.protocol import Protocol
from benchmark.tasks.task import read_task
from tests import ROOT
from tests.benchmark.fake_modules import write_module

RATE = 16000
SECONDS = 30.0
SHARES = {"train": 0.6, "valid": 0.2, "test": 0.2}
CLASSES = 11  # as DCASE 2016 task 2 has
STAGES = ("check", "embed", "exact", "fast")
HEADINGS = ("check", "embed", "heads, exact", "heads, fast")

# 512 numbers every 40 ms, of float32: the rate and size of the bundled encoder, without its work.
SOURCE = """
import torch

class Model(torch.nn.Module):
    sample_rate = 16000
    scene_embedding_size = timestamp_embedding_size = 512

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.linspace(1, 2, 512))

def load_model(path=""):
    return Model()

def get_timestamp_embeddings(audio, model):
    frames = audio[:, : audio.shape[1] // 640 * 640].unflatten(1, (-1, 640))
    level = frames.square().mean(dim=2, keepdim=True)
    times = (torch.arange(level.shape[1]) * 40.0 + 20.0).expand(len(audio), -1)
    return torch.sin(1000 * level * model.weight), times

def get_scene_embeddings(audio, model):
    return get_timestamp_embeddings(audio, model)[0].mean(dim=1)
"""


def write_long_task(folder: Path, clips: int, seconds: float = SECONDS) -> Path:
    """An event task of so many clips of noise, with an event every three seconds."""
    folder.mkdir(parents=True)
    labels = [f"class{index:02d}" for index in range(CLASSES)]
    metadata = {
        "task_name": folder.name,
        "embedding_type": "event",
        "prediction_type": "multilabel",
        "split_mode": "trainvaltest",
        "splits": list(SHARES),
        "sample_duration": seconds,
        "evaluation": ["event_onset_200ms_fms", "segment_1s_er"],
        "evaluation_params": {
            "task_specific_param_grid": {"max_epochs": [2], "check_val_every_n_epoch": [1]}
        },
    }
    (folder / "task_metadata.json").write_text(json.dumps(metadata))
    rows = "".join(f"{index},{label}\n" for index, label in enumerate(labels))
    (folder / "labelvocabulary.csv").write_text(f"idx,label\n{rows}")
    generator = np.random.default_rng(0)
    for split, share in SHARES.items():
        audio = folder / str(RATE) / split
        audio.mkdir(parents=True)
        events = {}
        for index in range(round(share * clips)):
            noise = generator.integers(-5000, 5000, round(seconds * RATE), np.int16)
            soundfile.write(audio / f"{index}.wav", noise, RATE, subtype="PCM_16")
            events[f"{index}.wav"] = [
                {
                    "label": labels[place % CLASSES],
                    "start": 3000.0 * place,
                    "end": 3000.0 * place + 900,
                }
                for place in range(int(seconds // 3))
            ]
        (folder / f"{split}.json").write_text(json.dumps(events))
    return folder


def stage_peak(stage: str, folder: Path, entry: Path, kept_bytes: int | None) -> int:
    """Peak memory of one stage in this process, in bytes; see `PeakMemory`."""
    if kept_bytes is not None:
        from benchmark.heads.fast import rows as stack_rows

        stack_rows.KEPT_BYTES = kept_bytes
    task = read_task(folder)
    hear = load_hear_module("long_task_module")
    memory = PeakMemory(torch.nn.Identity(), "cpu")
    if stage == "check":
        from benchmark.tasks.check.check_task import check_task

        with memory:
            check_task(folder, lambda done, total: None)
    elif stage == "embed":
        with memory:
            embed_task(hear, task, CacheEntry(entry))
    else:
        with memory:  # embeddings are found in the cache
            splits = embed_task(hear, task, CacheEntry(entry)).splits
            evaluate_task(task, splits, Protocol("faster", mode=stage, grid_points=2))
    assert memory.bytes is not None
    return memory.bytes


def measure(clips: int, stages: list[str], work: Path, kept_bytes: int | None = None) -> list[int]:
    """Peak bytes of each stage for so many clips, each in a process of its own."""
    if not (work / "long_task_module.py").exists():
        write_module(work, name="long_task_module", source=SOURCE)
    folder = write_long_task(work / f"long{clips}", clips)
    path = os.pathsep.join([str(ROOT), str(work)])
    peaks = []
    for stage in stages:
        request = [stage, str(folder), str(work / f"entry{clips}"), kept_bytes]
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.long_tasks", "--stage", json.dumps(request)],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{stage} of {clips} clips failed: {done.stderr[-2000:]}")
        peaks.append(int(done.stdout.splitlines()[-1]))
    return peaks


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--clips", default="50,200,800", metavar="N,...")
    parser.add_argument("--stages", default=",".join(STAGES), metavar="NAME,...")
    parser.add_argument(
        "--kept-mib", type=int, metavar="MIB", help="embeddings that fast mode keeps ready [1024]"
    )
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stage:
        stage, folder, entry, kept = json.loads(arguments.stage)
        print(stage_peak(stage, Path(folder), Path(entry), kept))
        return
    stages = arguments.stages.split(",")
    kept = None if arguments.kept_mib is None else arguments.kept_mib << 20
    headings = [HEADINGS[STAGES.index(stage)] for stage in stages]
    print(
        f"| clips of {SECONDS:g} s | hours | audio, MB | embeddings, MB | {' | '.join(headings)} |"
    )
    print("|" + "--:|" * (4 + len(stages)))
    for clips in map(int, arguments.clips.split(",")):
        with tempfile.TemporaryDirectory() as work:
            peaks = measure(clips, stages, Path(work), kept)
            embeddings = sum(file.stat().st_size for file in Path(work).glob("entry*/*.npy"))
        audio = 4 * clips * SECONDS * RATE  # as float32
        facts = (f"{clips:,}", f"{clips * SECONDS / 3600:.1f}", f"{audio / 1e6:,.0f}")
        cells = [*facts, f"{embeddings / 1e6:,.0f}", *(f"{peak / 1e6:,.0f} MB" for peak in peaks)]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
