"""The plan of a run: modules, tasks, protocol, seeds, and the facts that results record."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmark.heads.probes.evaluate import check_probe
from benchmark.models.fingerprint import distribution_of, module_hash, weights_hash
from benchmark.models.hear_module import HearModule
from benchmark.models.specs import split_spec
from benchmark.models.worker.interpreter import Interpreter
from benchmark.models.worker.module import WorkerModel
from benchmark.protocol import Protocol
from benchmark.results.cells import Cell, ModuleFacts, TaskFacts, with_unique_label
from benchmark.tasks.find import UnreadableTask
from benchmark.tasks.task import Task
from msssl_common.messages import printable_part


def module_facts(hear: HearModule, taken: Container[str]) -> ModuleFacts:
    """Facts of a loaded module.

    Args:
        hear: The module.
        taken: Labels of other rows, see `with_unique_label`.
    """
    weights = weights_hash(hear.model)
    facts = ModuleFacts(
        label=hear.label,
        module=hear.module_name,
        checkpoint=hear.model_path,
        note=hear.note,
        weights_hash=weights,
        module_hash=module_hash(hear, weights),
        sample_rate=hear.sample_rate,
        parameters=hear.parameter_count,
        scene_embedding_size=hear.scene_embedding_size,
        timestamp_embedding_size=hear.timestamp_embedding_size,
        distribution=_distribution(hear),
        licence=hear.licence,
    )
    return with_unique_label(facts, taken)


def _distribution(hear: HearModule) -> str:
    if isinstance(hear.model, WorkerModel):
        return hear.model.facts.distribution
    return distribution_of(hear.module_name)


def task_facts(task: Task | UnreadableTask) -> TaskFacts:
    """Facts of a task; of one that cannot be read, its folder's name."""
    if isinstance(task, UnreadableTask):
        return TaskFacts(task.full_name)
    folds = 1 if task.split_mode == "trainvaltest" else len(task.splits)
    own_grid = ", ".join(task.param_grid)
    # A notice of 5 MB would make cells that are too large to be read.
    notice = printable_part(task.notice) if task.notice else None
    return TaskFacts(task.full_name, task.family, task.evaluation[0], notice, folds, own_grid)


def fit_tasks(
    tasks: Sequence[Task | UnreadableTask], protocol: Protocol, named: bool
) -> tuple[list[Task | UnreadableTask], list[str]]:
    """Tasks that the protocol is for, with its limit, and sentences on those that are left out.

    Args:
        tasks: The tasks that were chosen.
        protocol: Probe, shots and limit.
        named: Whether the user named each of them, so that none may be left out.

    Raises:
        ValueError: One was named, or none is left.
    """
    fit: list[Task | UnreadableTask] = []
    left_out = []
    for task in tasks:
        if isinstance(task, UnreadableTask):
            fit.append(task)
            continue
        try:
            check_probe(task, protocol)
        except ValueError as error:
            if named:
                raise
            left_out.append(f"Left out: {error}.")
        else:
            fit.append(replace(task, limit=protocol.limit))
    if not fit:
        raise ValueError(" ".join(left_out))
    return fit, left_out


@dataclass(frozen=True)
class RunPlan:
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
        in_process: Whether the other modules are loaded into this process, for a debugger, not
            into worker processes of their own.
        labels: By spec, labels of rows that the user chose.
        licences: Of weights, by spec or module name, as the user knows them.
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
    in_process: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)

    def named(self, spec: str, module: ModuleFacts, taken: Collection[str]) -> ModuleFacts:
        """A module's facts under the label of its row, with the licence that the user gave.

        Args:
            spec: The module, as it stands in ``specs``.
            module: Its facts, under the label that it gives itself.
            taken: Labels of other rows.
        """
        licence = self.licences.get(spec) or self.licences.get(split_spec(spec)[0])
        module = replace(module, licence=licence or module.licence)
        if spec in self.labels:
            return replace(module, label=self.labels[spec])
        return with_unique_label(module, {*self.labels.values(), *taken})

    def unloaded(self, spec: str) -> ModuleFacts:
        """What a row says of a module that cannot be loaded."""
        name, checkpoint = split_spec(spec)
        return ModuleFacts(self.labels.get(spec, spec), name, checkpoint)

    def interpreter(self, spec: str) -> Interpreter | None:
        """What a module's worker process is started with; None to load it into this process."""
        ours = None if self.in_process else Interpreter.here()
        return self.interpreters.get(split_spec(spec)[0], ours)

    @property
    def logs(self) -> Path:
        """Folder of what modules print."""
        return self.out / "logs"

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
