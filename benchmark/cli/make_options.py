"""Options of ``msbench tasks make``, and what they come to.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benchmark.cli.options import SAMPLE_RATES, TASKS_DIR, debug_option, names
from msssl_common.finite_numbers import FiniteRange

if TYPE_CHECKING:
    from benchmark.tasks.make.build import Planner
    from benchmark.tasks.make.own_task import OwnTask
    from benchmark.tasks.make.splits import Splitting


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
    if not all(0 < part < math.inf for part in (train, valid, test)):
        raise click.BadParameter("must be above 0.")
    return train, valid, test


def _note_range(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    if value is None:
        return None
    first, _, last = value.partition("-")
    if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last) <= 127):
        raise click.BadParameter("must be two MIDI notes from 0 to 127, e.g. 21-108.")
    return int(first), int(last)


def _milliseconds(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in value.split(",")) if value else ()
    except ValueError:
        raise click.BadParameter("must be milliseconds, e.g. 0,50.") from None
    if not all(0 <= number < 1e6 for number in numbers):
        raise click.BadParameter("must be milliseconds from 0 on, e.g. 0,50.")
    return numbers


rate_options = in_order(
    click.option(
        "--sample-rate",
        "rates",
        type=click.Choice(SAMPLE_RATES),
        multiple=True,
        default=SAMPLE_RATES[:1],
        show_default=True,
        help="Sample rate in Hz. May be given several times.",
    ),
    click.option(
        "--to",
        type=click.Path(path_type=Path, file_okay=False),
        default=TASKS_DIR,
        show_default=True,
        help="Folder for task folders.",
    ),
    click.option(
        "--bad-files",
        type=FiniteRange(0, 100),
        default=1.0,
        show_default=True,
        metavar="PERCENT",
        help="Leave out clips whose files are missing or cannot be read, up to this percentage of "
        "all; more are an error. Each is named.",
    ),
    debug_option,
)
place_options = in_order(
    click.option(
        "--source",
        "sources",
        type=click.Path(path_type=Path),
        multiple=True,
        required=True,
        metavar="DIR|ARCHIVE",
        help="Raw data: a folder, or a .zip or .tar archive. May be given several times.",
    ),
    rate_options,
)
task_options = in_order(
    click.option("--version", default="v1", show_default=True, help="Version of the data."),
    click.option(
        "--score",
        "scores",
        callback=names,
        metavar="NAME,...",
        help="Scores; the first one selects the head.  [default: top1_acc; with --multilabel mAP, "
        "d_prime, aucroc; of events event_onset_200ms_fms, segment_1s_er]",
    ),
    click.option(
        "--duration",
        type=FiniteRange(),
        metavar="SECONDS",
        help="Pad or trim every clip to this length.  [default: clips keep their lengths, which "
        "makes embedding slower]",
    ),
    click.option(
        "--shares",
        default="80,10,10",
        show_default=True,
        callback=_shares,
        help="Percentages of train, valid and test, drawn by label if the data has no splits.",
    ),
    click.option("--folds", type=int, help="Draw this number of folds instead."),
    click.option("--seed", default=0, show_default=True, help="Seed of the draw."),
    click.option(
        "--redraw", is_flag=True, help="Draw splits or folds even if the data comes with some."
    ),
    click.option(
        "--notes",
        callback=_note_range,
        metavar="FIRST-LAST",
        help="MIDI notes of the vocabulary, e.g. 21-108, for labels that are notes with gaps.",
    ),
)
grid_options = in_order(
    click.option(
        "--median-filter",
        callback=_milliseconds,
        metavar="MS,...",
        help="Median filters to try when frames become events.  [default: 250]",
    ),
    click.option(
        "--min-duration",
        callback=_milliseconds,
        metavar="MS,...",
        help="Shortest events to try; events below them are dropped.  [default: 125,250]",
    ),
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
    help="The name of a column, if it differs from its meaning, e.g. file=filename. May be given "
    "several times.",
)
ignore_option = click.option(
    "--ignore",
    "ignored",
    multiple=True,
    metavar="NAME",
    help="Treat the table as if it had no column of this name, e.g. fold.",
)
csv_option = click.option(
    "--csv",
    "table",
    type=click.Path(path_type=Path),
    required=True,
    help="The table. It is also searched for below the sources.",
)


unit_option = click.option(
    "--time-unit",
    "unit",
    type=click.Choice(["s", "ms"]),
    help="Unit of the times of events; with it the task is one of events.",
)
parquet_options = in_order(
    column_option, ignore_option, multilabel_option, unit_option, grid_options
)


def make_from(
    name: str,
    planner: Planner,
    sources: Sequence[Path],
    to: Path,
    rates: Sequence[str],
    bad_files: float,
) -> None:
    """Make a task with what the options say.

    Args:
        name: Name of the task folder.
        planner: Says what becomes of the raw data.
        sources: Folders and archives.
        to: Folder for task folders.
        rates: Sample rates, Hz.
        bad_files: Percentage of the clips whose files may be missing or unreadable.
    """
    from benchmark.tasks.make.build import make_task
    from msssl_common.console import make_console

    hz = tuple(sorted({int(rate) for rate in rates}))
    make_task(name, planner, sources, to, hz, make_console(), bad_files / 100)


def own_task(
    name: str,
    kind: str,
    multilabel: bool = False,
    *,
    version: str,
    scores: Sequence[str],
    duration: float | None,
    shares: tuple[float, float, float],
    folds: int | None,
    seed: int,
    redraw: bool,
    notes: tuple[int, int] | None,
    median_filter: tuple[float, ...] = (),
    min_duration: tuple[float, ...] = (),
) -> tuple[OwnTask, Splitting]:
    """The task and its splitting, as the options say.

    Args:
        name: The task's name.
        kind: "scene" or "event".
        multilabel: Whether clips may have any number of labels.
        version: Version of the data.
        scores: Names of scores.
        duration: Length of every clip, seconds.
        shares: Percentages of train, valid and test.
        folds: Number of folds to draw.
        seed: Seed of the draw.
        redraw: Whether to draw although the data has splits.
        notes: First and last MIDI note.
        median_filter: Values to try, ms.
        min_duration: Values to try, ms.
    """
    from benchmark.tasks.make.own_task import OwnTask, own_grid
    from benchmark.tasks.make.splits import Splitting

    task = OwnTask(
        name=name,
        version=version,
        embedding_type="event" if kind == "event" else "scene",
        multilabel=multilabel,
        scores=tuple(scores),
        seconds=duration,
        notes=notes,
        postprocessing=own_grid(median_filter, min_duration),
    )
    return task, Splitting(shares=shares, folds=folds, seed=seed, redraw=redraw)
