"""Options that the commands of ``msbench tasks make`` share; nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benchmark.cli_options import debug_option, names
from benchmark.tasks.get.cli import SAMPLE_RATES, TASKS_DIR

if TYPE_CHECKING:
    from benchmark.tasks.make.make_task import Planner

Command = TypeVar("Command", bound=Callable[..., Any])


def in_order(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, in this order in --help."""
    return lambda command: reduce(lambda inner, option: option(inner), reversed(options), command)


def _columns(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    if not all(name for _, _, name in pairs):
        raise click.BadParameter("must be MEANING=NAME, e.g. file=filename.")
    return {meaning: name for meaning, _, name in pairs}


def _shares(
    context: click.Context, parameter: click.Parameter, value: str
) -> tuple[float, float, float]:
    try:
        train, valid, test = (float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter("must be three numbers, e.g. 80,10,10.") from None
    if min(train, valid, test) <= 0:
        raise click.BadParameter("must be above 0.")
    return train, valid, test


place_options = in_order(
    click.option(
        "--source",
        "sources",
        type=click.Path(path_type=Path),
        multiple=True,
        required=True,
        metavar="DIR|ARCHIVE",
        help="Raw data: a folder or a .zip or .tar archive; may be given several times.",
    ),
    click.option(
        "--sample-rate",
        "rates",
        type=click.Choice(SAMPLE_RATES),
        multiple=True,
        default=SAMPLE_RATES[:1],
        show_default=True,
        help="Rate of the audio in Hz; may be given several times.",
    ),
    click.option(
        "--to",
        type=click.Path(path_type=Path, file_okay=False),
        default=TASKS_DIR,
        show_default=True,
        help="Folder for task folders.",
    ),
    debug_option,
)
task_options = in_order(
    click.option("--version", default="v1", show_default=True, help="Version of the data."),
    click.option(
        "--score",
        "scores",
        callback=names,
        metavar="NAME,...",
        help="Scores, the first selects the model.  [default: top1_acc; mAP, d_prime, aucroc of "
        "many labels; event_onset_200ms_fms, segment_1s_er of events]",
    ),
    click.option(
        "--duration",
        type=float,
        metavar="SECONDS",
        help="Pad and trim every clip to this length.  [default: clips keep their lengths, which "
        "makes embedding slower]",
    ),
    click.option(
        "--shares",
        default="80,10,10",
        show_default=True,
        callback=_shares,
        help="Train, valid and test, drawn by label where the data has no splits.",
    ),
    click.option("--folds", type=int, help="Draw so many folds instead."),
    click.option("--seed", default=0, show_default=True, help="Seed of that draw."),
)
multilabel_option = click.option(
    "--multilabel", is_flag=True, help="Clips may have any number of labels."
)
column_option = click.option(
    "--column",
    "columns",
    multiple=True,
    callback=_columns,
    metavar="MEANING=NAME",
    help="A column's name, where it is not its meaning, e.g. file=filename.",
)
csv_option = click.option(
    "--csv",
    "table",
    type=click.Path(path_type=Path),
    required=True,
    help="The table; also looked for below the sources.",
)


def make_from(
    name: str, planner: Planner, sources: Sequence[Path], to: Path, rates: Sequence[str]
) -> None:
    """Make a task with what the options say.

    Args:
        name: Name of the task folder.
        planner: Says what becomes of the raw data.
        sources: Folders and archives.
        to: Folder for task folders.
        rates: Sample rates, Hz.
    """
    from benchmark.tasks.make.make_task import make_task
    from msssl_common.console import make_console

    hz = tuple(sorted({int(rate) for rate in rates}))
    make_task(name, planner, sources, to, hz, make_console())
