"""``msbench tasks make parquet``, ``hub`` and ``webdataset``: tasks from shards.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark.cli.make_options import (
    column_option,
    ignore_option,
    make_from,
    multilabel_option,
    own_task,
    parquet_options,
    place_options,
    rate_options,
    task_options,
)
from benchmark.cli.options import report_errors
from msssl_common.messages import say

if TYPE_CHECKING:
    from benchmark.tasks.make.build import Planner
    from benchmark.tasks.make.tables import TimeUnit


def _parquet_task(
    name: str,
    columns: dict[str, str],
    ignored: Sequence[str],
    multilabel: bool,
    unit: TimeUnit | None,
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by own_task
) -> tuple[str, Planner]:
    """The folder's name and the planner of a task from parquet files."""
    from benchmark.tasks.make import parquet as files

    kind = "event" if unit else "scene"
    task, splitting = own_task(name, kind, multilabel, **task_and_splits)
    meant = files.ParquetColumns(columns, tuple(ignored), unit or "s")
    return task.folder_name, partial(files.plan, task=task, splitting=splitting, columns=meant)


@click.command("parquet", short_help="A task of your own: parquet files, as of the hub.")
@click.argument("name")
@parquet_options
@place_options
@task_options
@report_errors
def parquet(
    name: str,
    sources: Sequence[Path],
    rates: Sequence[str],
    to: Path,
    bad_files: float,
    debug: bool,
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by _parquet_task
) -> None:
    """Make the task NAME from parquet files, as the Hugging Face hub ships data sets.

    Columns are audio (bytes with a path, bytes, or paths) and label; optionally split or fold, and
    group. Files called train-00000-of-00003.parquet and the like give splits, too. With --time-unit
    the column events holds onset, offset and label of each event.

    \b
    Examples:
      msbench tasks make parquet pets --source pets/data/
      msbench tasks make parquet birds --source birds.parquet --column label=species
    """  # noqa: D301 -- click wants the character behind \\b
    folder, planner = _parquet_task(name, **task_and_splits)
    make_from(folder, planner, sources, to, rates, bad_files)


@click.command("hub", short_help="A task of your own: a data set of the Hugging Face hub.")
@click.argument("data_set", metavar="OWNER/NAME@REVISION")
@click.option("--name", help="Name of the task.  [default: the data set's]")
@parquet_options
@rate_options
@task_options
@report_errors
def hub(
    data_set: str,
    name: str | None,
    rates: Sequence[str],
    to: Path,
    bad_files: float,
    debug: bool,
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by _parquet_task
) -> None:
    """Make a task from the parquet files of a data set on the Hugging Face hub.

    Needs huggingface_hub. The options are those of msbench tasks make parquet.

    \b
    Example:
      msbench tasks make hub OWNER/NAME@REVISION --duration 5
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.tasks.make.hub import fetched

    own_name = name or data_set.partition("@")[0].rpartition("/")[2]
    folder, planner = _parquet_task(own_name, **task_and_splits)
    source, commit = fetched(data_set)
    say(f"{data_set}: commit {commit}")
    make_from(folder, planner, [source], to, rates, bad_files)


@click.command("webdataset", short_help="A task of your own: tar shards of WebDataset.")
@click.argument("name")
@column_option
@ignore_option
@multilabel_option
@place_options
@task_options
@report_errors
def webdataset(
    name: str,
    columns: dict[str, str],
    ignored: Sequence[str],
    multilabel: bool,
    sources: Sequence[Path],
    rates: Sequence[str],
    to: Path,
    bad_files: float,
    debug: bool,
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by own_task
) -> None:
    """Make the task NAME from tar files with KEY.wav (or .flac, ...) beside KEY.cls or KEY.json.

    The JSON's keys are label, and optionally split or fold, and group. Shards called
    train-000000.tar and the like give splits, too.

    \b
    Example:
      msbench tasks make webdataset words --source shards/
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.tasks.make import webdataset as shards

    task, splitting = own_task(name, "scene", multilabel, **task_and_splits)
    planner: Planner = partial(
        shards.plan, task=task, splitting=splitting, columns=columns, ignored=ignored
    )
    make_from(task.folder_name, planner, sources, to, rates, bad_files)
