"""The options of ``msbench run`` by subject: what is compared, how, where it runs, what is written.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from benchmark.cli.config_file import config_option
from benchmark.cli.option_groups import grouped
from benchmark.cli.options import (
    EXECUTOR_OPTIONS,
    ExecutorName,
    chosen_executor,
    debug_option,
    devices_option,
    env_option,
    env_timeout_option,
    grid_option,
    in_process_option,
    mode_option,
    names,
    said_devices,
    seed_option,
    strict_option,
    tasks_dir_option,
    tasks_option,
)
from benchmark.models.specs import check_baselines, check_modules, split_label, split_spec
from benchmark.protocol import Mode, Probe, Protocol, Rules

if TYPE_CHECKING:
    from benchmark.models.worker.interpreter import Interpreter
    from benchmark.runner.cells import Executor
    from benchmark.runner.tracking import TrackerName


@dataclass(frozen=True)
class Compared:
    """What is compared: the rows and columns of the table."""

    modules: Sequence[str]
    baselines: Sequence[str]
    floor: bool
    tasks_dir: Path | None
    tasks: Sequence[str]
    limit: int | None
    licence: Sequence[str]

    @property
    def licences(self) -> dict[str, str]:
        """Of weights, by module or by module and checkpoint.

        Raises:
            ValueError: A licence of no module that is run.
        """
        found = {}
        for given in self.licence:
            name, _, licence = given.rpartition("=")
            specs = [split_label(module)[1] for module in self.modules]
            if not licence or name not in {*specs, *(split_spec(spec)[0] for spec in specs)}:
                raise ValueError(
                    f"--licence {given[:80]!r} must be MODULE=SPDX, as in pkg.module=MIT, of a "
                    f"module that is run: {', '.join(specs) or 'none is named'}"
                )
            found[name] = licence
        return found


compared_options = grouped(
    "compared",
    Compared,
    click.argument("modules", nargs=-1, metavar="[[LABEL:=]MODULE[=CHECKPOINT]]..."),
    click.option(
        "--baselines",
        callback=names,
        metavar="NAME,...",
        help="Bundled baselines to compare with, e.g. cola,panns.",
    ),
    click.option("--floor/--no-floor", default=True, help="Add the rows logmel and random."),
    tasks_dir_option,
    tasks_option,
    click.option(
        "--limit",
        type=click.IntRange(min=1),
        metavar="N",
        help="A first look: use at most N clips of each split, in the proportions of their labels, "
        "the same for every row. Every table says so.",
    ),
    click.option(
        "--licence",
        multiple=True,
        metavar="MODULE=SPDX",
        help="Licence of a MODULE's weights, e.g. pkg.module=CC-BY-NC-4.0, where it does not say "
        "so itself. The page filters by it. May be given several times.",
    ),
)


def _counts(context: click.Context, parameter: click.Parameter, value: str | None) -> list[int]:
    """Whole numbers above 0 with commas between them."""
    words = names(context, parameter, value)
    for word in words:
        if not word.isdecimal() or not 0 < int(word) < 10**6:
            raise click.BadParameter(
                f"{word[:40]!r} is no number of clips: give whole numbers from 1, as in 1,4,16",
                context,
                parameter,
            )
    return [int(word) for word in words]


@dataclass(frozen=True)
class Scoring:
    """How embeddings are scored."""

    grid: str
    mode: Mode
    strict: bool
    seed: int
    seeds: int | None
    probe: Probe
    shots: Sequence[int]

    def protocol(self, limit: int | None) -> Protocol:
        """The protocol under the first seed.

        Args:
            limit: Clips of each split, at most.
        """
        rules: Rules = "strict" if self.strict else "published"
        return Protocol(self.grid, self.seed, self.mode, rules, limit=limit, probe=self.probe)


scoring_options = grouped(
    "scoring",
    Scoring,
    grid_option,
    mode_option,
    strict_option,
    seed_option,
    click.option(
        "--seeds",
        type=click.IntRange(min=1),
        metavar="N",
        help="Train the heads with N seeds: --seed, the next one, and so on.  [default: 1; with "
        "--shots 5]",
    ),
    click.option(
        "--probe",
        type=click.Choice(get_args(Probe)),
        default=Protocol.probe,
        show_default=True,
        help="What reads the embeddings. mlp: HEAR's heads. linear: logistic regression. knn: "
        "nearest neighbours, for scene and pitch tasks.",
    ),
    click.option(
        "--shots",
        callback=_counts,
        metavar="N,...",
        help="Train on N clips of each class, e.g. 1,4,16,64, drawn anew by every seed: a "
        "leaderboard for each N, and a curve. For scene and pitch tasks.",
    ),
)


@dataclass(frozen=True)
class Place:
    """Where modules and heads run."""

    device: str
    env: Sequence[str]
    env_timeout: float
    in_process: bool
    executor: ExecutorName
    address: str | None
    task_cpus: int | None
    task_gpus: float | None

    @property
    def said_device(self) -> str:
        """The device, or several; of this machine's, what ``auto`` found is said."""
        return said_devices(self.device) if self.executor == "local" else self.device

    @property
    def chosen_executor(self) -> Executor:
        """What fills the cells. Heavy."""
        return chosen_executor(self.executor, self.address, self.task_cpus, self.task_gpus)

    def interpreters(self, modules: Sequence[str]) -> dict[str, Interpreter]:
        """Other Pythons, by the names of their modules. Heavy."""
        from benchmark.models.worker.interpreter import interpreters

        return interpreters(modules, self.env, self.env_timeout)


place_options = grouped(
    "place",
    Place,
    devices_option,
    env_option,
    env_timeout_option,
    in_process_option,
    *EXECUTOR_OPTIONS,
)


@dataclass(frozen=True)
class Output:
    """What is written, and what is shown."""

    out: Path | None
    embedding_dtype: str
    tracker: TrackerName | None
    dry_run: bool
    quiet: bool
    log: Path | None
    debug: bool


output_options = grouped(
    "output",
    Output,
    click.option(
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        help="Results folder.  [default: results/runs/embedded, or results/runs/ and the tasks "
        "folder's name; with --limit a folder of its own]",
    ),
    click.option(
        "--embedding-dtype",
        type=click.Choice(["float32", "float16"]),
        default="float32",
        show_default=True,
        help="Type of stored embeddings; float16 takes half the disk.",
    ),
    click.option(
        "--tracker",
        type=click.Choice(["mlflow", "wandb"]),
        help="Also log finished cells to a tracker: mlflow to MLFLOW_TRACKING_URI or ./mlruns, "
        "wandb offline to ./wandb or as WANDB_MODE says.",
    ),
    click.option(
        "--dry-run",
        is_flag=True,
        help="Say what would be embedded and trained, and what the cache has; do nothing of it.",
    ),
    click.option("--quiet", "-q", is_flag=True, help="Show only what fails."),
    click.option(
        "--log",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Add all lines, with the time, and the table to a file.",
    ),
    config_option,
    debug_option,
)


def check_names(compared: Compared, place: Place) -> None:
    """Refuse misspelt names before anything heavy is imported.

    Raises:
        ValueError: A module or baseline that is not there, or --env without a module.
    """
    if place.env and not compared.modules:
        raise ValueError("--env runs MODULEs in another Python: name at least one MODULE")
    check_baselines(compared.baselines)
    if not place.env:
        check_modules(split_label(module)[1] for module in compared.modules)
