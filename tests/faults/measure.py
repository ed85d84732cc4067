"""The measurement: every stage killed, and its numbers kept."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path

import click
import torch

from benchmark.embeddings import embed as embed_split
from benchmark.embeddings import partial_split
from benchmark.runner import cells, evaluate_cell
from tests.faults import benchmark_stages, pretrain_stages, task_stages
from tests.faults.environment import FAULTS, NEEDS_ROOT, Outcome, applies, suffer
from tests.faults.forked import keep_small
from tests.faults.kills import Killing, Tally
from tests.faults.machine import may_mount

# Forks should not have to import these.
HEAVY = (
    *("benchmark.api", "benchmark.heareval.export_folder", "benchmark.heareval.score_folder"),
    *("benchmark.tasks.embedded.suite", "benchmark.tasks.get.get_task"),
    *("benchmark.tasks.make.tables", "benchmark.tasks.make.build"),
    *("benchmark.compare.comparison", "benchmark.compare.text", "msssl_common.memory"),
    *(
        "pretrain.data.pack.pack",
        "pretrain.data.pack.audioset",
        "pretrain.panns.train",
        "pretrain.train",
    ),
    *("pretrain.data.open", "scipy.signal"),
)
STAGES = (*benchmark_stages.STAGES, *task_stages.STAGES, *pretrain_stages.STAGES)


def one_thing_at_a_time() -> None:
    """One thread, costs without times, and as many journals and chunks as there are clips."""
    torch.set_num_threads(1)
    for name in HEAVY:
        import_module(name)
    embed_split.CHUNK_SECONDS = 0.01
    partial_split.JOURNAL_SECONDS = 0.0
    _without_costs()


def _without_costs() -> None:
    cost, stamped = evaluate_cell._cost, evaluate_cell.stamped
    zero = {"embedding_seconds": 0.0, "model_seconds": 0.0, "head_seconds": 0.0}

    def no_cost(*arguments: object) -> object:
        made = cost(*arguments)  # type: ignore[arg-type]
        return replace(made, **zero, embedding_cached=False, peak_memory_bytes=None)

    evaluate_cell._cost = no_cost  # type: ignore[assignment]
    for module in (evaluate_cell, cells):
        module.stamped = lambda cell: replace(stamped(cell), date="a day")


@click.command()
@click.argument("stages", nargs=-1)
@click.option("--only", multiple=True, help="A stage by its whole name.")
@click.option("--kills", default=100, show_default=True, help="Of each stage, at random moments.")
@click.option("--operations", default=0, help="And so many before random file operations.")
@click.option("--machine/--no-machine", default=False, help="Then let the machine fail.")
@click.option("--seed", default=0, help="Of moments and operations.")
@click.option("--json", "results", type=click.Path(path_type=Path), help="Add the numbers here.")
@click.option("--work", type=click.Path(path_type=Path), help="Folder to work in; kept.")
def main(
    stages: tuple[str, ...],
    only: tuple[str, ...],
    kills: int,
    operations: int,
    machine: bool,
    seed: int,
    results: Path | None,
    work: Path | None,
) -> None:
    """Measure stages: all, or those whose names hold one of the words."""
    one_thing_at_a_time()
    keep_small()
    chosen = [s for s in STAGES if _is_chosen(s.name, stages, only)]
    with tempfile.TemporaryDirectory() as place, task_stages.zenodo_here():
        mounts = may_mount(Path(place) / "disk")
        for stage in chosen:
            killing = Killing(stage, work or Path(place), seed)
            killing.trials(kills, "moment")
            killing.trials(operations, "operation")
            if kills or operations:
                _tell(killing.tally, results)
            for fault in FAULTS if machine else ():
                if applies(killing, fault) and (mounts or fault not in NEEDS_ROOT):
                    _tell(suffer(killing, fault), results)


def _is_chosen(name: str, words: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return not (words or names) or name in names or any(word in name for word in words)


def _tell(told: Tally | Outcome, results: Path | None) -> None:
    what = {key: value for key, value in asdict(told).items() if key != "faults"}
    click.echo(" ".join(f"{key}={value}" for key, value in what.items()))
    for fault in told.faults:
        click.echo(f"  {fault}")
    if results:
        with results.open("a") as file:
            file.write(json.dumps(asdict(told)) + "\n")
