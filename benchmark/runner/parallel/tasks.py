"""The tasks of a run, as functions that a process of the run calls. Ray is not imported here.

A worker process keeps the module and the embeddings that it used last, because the next task often
needs them. A task checks that its machine has what the first process had.
"""

from __future__ import annotations

import os
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from benchmark.embeddings.cache import CacheEntry
from benchmark.embeddings.embed import TaskEmbeddings, embed_one_split, embed_task
from benchmark.heads.saved_heads import SavedHeads
from benchmark.heads.stages import Stage, train_stage
from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.models.worker.interpreter import Interpreter
from benchmark.results.cells import Cell, ModuleFacts
from benchmark.runner.evaluate_cell import (
    EvaluatedCell,
    cell_heads_folder,
    describe_heads,
    evaluate_cell,
)
from benchmark.runner.plan import module_facts
from benchmark.runner.provenance import machine, versions
from benchmark.tasks.task import Task
from benchmark.tasks.task_hash import task_hash as hash_task
from msssl_common.files import cache_root
from msssl_common.messages import reason_for_cell

# A new file on NFS may stay unseen by a machine that looked for it before, for as long as its
# attribute cache says: acdirmax, 60 s unless mounted otherwise (nfs(5)).
SEEN_AFTER_SECONDS = 90.0


@dataclass(frozen=True)
class Place:
    """Folders on storage that all machines share, and what decides the bits of sums.

    Attributes:
        folder: Where ``msbench`` was started: modules and checkpoints may be there.
        cache: Embeddings, and heads of unfinished cells.
        threads: Threads of torch. Long sums may round otherwise with another number.
    """

    folder: Path
    cache: Path
    threads: int

    @staticmethod
    def here(threads: int) -> Place:
        """The place of this process."""
        return Place(Path.cwd(), cache_root().absolute(), threads)

    def enter(self) -> None:
        """Make it this process's."""
        if Path.cwd() != self.folder:
            os.chdir(self.folder)
        os.environ["MSBENCH_CACHE"] = str(self.cache)
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)


def unseen(paths: list[Path], patience: float = SEEN_AFTER_SECONDS) -> Path | None:
    """The first of some paths that this machine does not see within so many seconds."""
    end = time.monotonic() + patience
    for path in paths:
        while not path.exists():
            if time.monotonic() >= end:
                return path
            time.sleep(min(1.0, patience))
    return None


def node_name() -> str:
    """How messages call this machine."""
    return socket.gethostname()


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        value: What its function returned.
        reason: Why it failed, in one line; None if it did not.
        details: The traceback of a failure.
        seconds: Wall time of the function.
    """

    value: Any = None
    reason: str | None = None
    details: str = ""
    seconds: float = 0.0


def do(place: Place, function: Callable[..., object], *arguments: object) -> Outcome:
    """Call a function on a worker; what it raises is the module's or task's affair."""
    started = time.perf_counter()
    try:
        place.enter()
        value = function(*arguments)
    except Exception as error:
        return Outcome(reason=reason_for_cell(error, debug=False), details=traceback.format_exc())
    return Outcome(value, seconds=time.perf_counter() - started)


@dataclass(frozen=True)
class NodeFacts:
    """What a node tells of itself.

    Attributes:
        name: Its host name.
        unseen: A path that it does not see, or None.
        versions: Of Python and packages.
        machine: Its processor, and in what fast mode multiplies there.
    """

    name: str
    unseen: Path | None
    versions: str
    machine: str


def node_facts(folder: Path, paths: list[Path], patience: float) -> NodeFacts:
    """Look at a node; called without a `Place`, which may be what is not there.

    Args:
        folder: Where the run was started.
        paths: Other files and folders that the run needs.
        patience: How long a path may take to be seen, seconds.
    """
    missing = unseen([folder, *paths], patience)
    return NodeFacts(node_name(), missing, versions(), machine("cpu"))


@dataclass(frozen=True)
class ModuleSpec:
    """How a module is loaded, see `load_hear_module`.

    Attributes:
        spec: The module, with its checkpoint or without.
        device: Torch device.
        interpreter: Another Python to run it in, or None.
        in_process: Whether to load it into the task's process if there is none, not into its own.
    """

    spec: str
    device: str
    interpreter: Interpreter | None
    in_process: bool = False


def facts_of_module(spec: ModuleSpec) -> ModuleFacts:
    """Load a module and tell of it; its label is not yet compared with other rows'."""
    return _loaded(spec)[1]


def hash_of_task(task: Task, sample_rate: int) -> str:
    """The task's hash for modules of a sample rate."""
    return hash_task(task, sample_rate)


def embed(spec: ModuleSpec, module_hash: str, task: Task, split: str, entry: CacheEntry) -> bool:
    """Embed a split into the cache; returns whether it was there."""
    hear, facts = _loaded(spec)
    if facts.module_hash != module_hash:
        raise ValueError(
            f"{spec.spec} is not the same on all machines: its code or weights on {node_name()} "
            "are other than where the run began"
        )
    return embed_one_split(hear, task, split, entry)


def train(task: Task, entry: CacheEntry, blank: Cell, stage: Stage, needed: list[str]) -> None:
    """Train the heads of a stage.

    Args:
        task: The task.
        entry: Its embeddings.
        blank: The unfinished cell.
        stage: Of its `rounds`.
        needed: Names of the heads that earlier rounds have saved.
    """
    embedded = _embedded(task, entry)
    saved = _saved(blank, needed)
    describe_heads(blank)
    train_stage(task, embedded.splits, blank.protocol, stage, SavedHeads(saved), blank.device)


def finish(task: Task, entry: CacheEntry, blank: Cell, needed: list[str]) -> EvaluatedCell:
    """Score the heads that all stages have saved."""
    embedded = _embedded(task, entry)
    _saved(blank, needed)
    return evaluate_cell(task, embedded, blank)


@lru_cache(maxsize=1)
def _loaded(spec: ModuleSpec) -> tuple[HearModule, ModuleFacts]:
    # This node's own: Python may be elsewhere than where the run was started.
    ours = None if spec.in_process else Interpreter.here()
    hear = load_hear_module(spec.spec, spec.device, spec.interpreter or ours)
    return hear, module_facts(hear, taken=())


def _saved(blank: Cell, needed: list[str]) -> Path:
    """The folder of a cell's heads, once it has the files of those named."""
    folder = cell_heads_folder(blank)
    unseen([folder / f"{name}.safetensors" for name in needed])
    return folder


_last: dict[Path, TaskEmbeddings] = {}


def _embedded(task: Task, entry: CacheEntry) -> TaskEmbeddings:
    """A task's embeddings, which are in the cache."""
    if entry.folder not in _last:
        _last.clear()
        unseen([entry.record_path(split) for split in task.splits])
        _last[entry.folder] = embed_task(None, task, entry)
    return _last[entry.folder]
