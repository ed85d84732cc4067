"""What a benchmark run is to do, whoever does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmark.facts import task_facts
from benchmark.models.foreign.interpreter import Interpreter
from benchmark.protocol import Protocol
from benchmark.results import Cell, ModuleFacts
from benchmark.tasks.find import UnreadableTask
from benchmark.tasks.task import Task


@dataclass(frozen=True)
class Run:
    """What to run and where to put it.

    Attributes:
        specs: HEAR modules, ``pkg.module`` or ``pkg.module=CHECKPOINT``; a row each.
        tasks: Tasks; a column each, also where one cannot be read.
        out: Results folder. Cells finished there under the same hashes are kept.
        protocol: How heads are trained and judged.
        seeds: How often: with the protocol's seed, the next one, and so on.
        embedding_dtype: Type in which embeddings are kept.
        device: Torch device of the modules.
        command: What was typed, for the table to name.
        debug: Whether to print the traceback of a failed cell.
        interpreters: By module name, those that modules with their own are run in.
    """

    specs: Sequence[str]
    tasks: Sequence[Task | UnreadableTask]
    out: Path
    protocol: Protocol
    seeds: int = 1
    embedding_dtype: str = "float32"
    device: str = "cpu"
    command: str = ""
    debug: bool = False
    interpreters: Mapping[str, Interpreter] = field(default_factory=dict)

    @property
    def protocols(self) -> list[Protocol]:
        """The protocol under every seed."""
        first = self.protocol.seed
        return [replace(self.protocol, seed=seed) for seed in range(first, first + self.seeds)]

    def blanks(
        self, module: ModuleFacts, task: Task | UnreadableTask, reason: str | None = None
    ) -> list[Cell]:
        """A module's unfinished cells on a task, one per seed; failed ones if there is a reason."""
        return [
            Cell(
                module,
                task_facts(task),
                protocol,
                task_hash="",
                reason=reason,
                embedding_dtype=self.embedding_dtype,
                device=self.device,
                command=self.command,
            )
            for protocol in self.protocols
        ]
