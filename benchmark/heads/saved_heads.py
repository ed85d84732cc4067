"""Heads of an unfinished task on disk, so that a killed run resumes at the next head."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from benchmark.events.postprocessing import Postprocessing
from benchmark.heads.grid import GridPoint
from benchmark.heads.head import Head
from benchmark.heads.trained_head import TrainedHead
from benchmark.protocol import Protocol
from benchmark.tasks.task import Fold
from msssl_common.files import cache_root, write_bytes

RANDOM_STATE = "random_state"  # key of torch's generator state beside the weights


def heads_folder(embeddings: str, protocol: Protocol, device: str) -> Path:
    """Where the heads of an unfinished task are kept: named by all that they depend on.

    Args:
        embeddings: Stands for the embeddings and the labels, to the bit.
        protocol: How heads are trained and judged.
        device: Torch device that trains them.
    """
    key = hashlib.sha256(f"{embeddings}\n{protocol}\n{device}".encode()).hexdigest()
    return cache_root() / "heads" / key


def head_name(fold: Fold, index: int) -> str:
    """Name of the file of a fold's head, counted from 0 as its grid points are."""
    return f"{fold.test}-{index}"


@dataclass(frozen=True)
class SavedHeads:
    """A folder with a file per trained head; without a folder, nothing is kept.

    Attributes:
        folder: Its name must stand for everything that the heads depend on: embeddings, labels
            and protocol. None to keep nothing.
    """

    folder: Path | None

    def save(self, name: str, trained: TrainedHead) -> None:
        """Keep a head, and torch's random state after its training: the stream runs on."""
        if self.folder is None:
            return
        facts = {
            "point": asdict(trained.point),
            "score": trained.score,
            "epoch": trained.epoch,
            "postprocessing": trained.postprocessing,
            "seconds": trained.seconds,
            "curve": trained.curve,
            "size": trained.head.size,
            "classes": trained.head.classes,
        }
        tensors = {**trained.head.state_dict(), RANDOM_STATE: torch.get_rng_state()}
        # Another run that finished the same task may remove the folder at any moment.
        with suppress(FileNotFoundError, FileExistsError):
            write_bytes(
                self.folder / f"{name}.safetensors", save(tensors, {"facts": json.dumps(facts)})
            )

    def load(self, name: str, point: GridPoint) -> TrainedHead | None:
        """The head of that name, and torch's random state as it was after its training.

        Returns:
            None if there is none for this grid point that can be read.
        """
        if self.folder is None:
            return None
        try:
            with safe_open(self.folder / f"{name}.safetensors", "pt") as file:
                facts = json.loads(file.metadata()["facts"])
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            if facts["point"] != asdict(point):
                return None
            random_state = tensors.pop(RANDOM_STATE)
            with torch.random.fork_rng(devices=[]):  # a new head draws its first weights
                head = Head(facts["size"], facts["classes"], point)
            head.load_state_dict(tensors)
            chosen = facts["postprocessing"]
            trained = TrainedHead(
                head.eval(),
                point,
                facts["score"],
                facts["epoch"],
                None if chosen is None else Postprocessing(*chosen),
                facts["seconds"],
                tuple((epoch, score) for epoch, score in facts["curve"]),
            )
        except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError):
            return None
        torch.set_rng_state(random_state)
        return trained

    def remove(self) -> None:
        """Delete the folder, once the task's result is safe elsewhere."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
