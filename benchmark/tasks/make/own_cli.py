"""``msbench tasks make folders|csv|events|jams``: tasks of anybody's own data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark.cli_options import one_line
from benchmark.tasks.make.cli_options import (
    column_option,
    csv_option,
    make_from,
    multilabel_option,
    place_options,
    task_options,
)

if TYPE_CHECKING:
    from benchmark.tasks.make.drawn_splits import Splitting
    from benchmark.tasks.make.event_csv import TimeUnit
    from benchmark.tasks.make.own_task import OwnTask
    from benchmark.tasks.make.plan import TaskPlan
    from benchmark.tasks.make.raw_folders import Sources


@click.command("folders", short_help="A task of your own: a folder of audio per class.")
@click.argument("name")
@place_options
@task_options
@click.option(
    "--group",
    metavar="REGEX",
    help="What, in a file's name, never straddles splits, e.g. '^[^_]+' for a speaker.",
)
@one_line
def folders(
    name: str,
    sources: Sequence[Path],
    rates: Sequence[str],
    to: Path,
    group: str | None,
    debug: bool,
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by _own
) -> None:
    """Make the task NAME of folders {class}/... or {train,valid,test or fold1...}/{class}/...."""
    from benchmark.tasks.make import class_folders

    task, splitting = _own(name, "scene", **task_and_splits)

    def planner(raw: Sources) -> TaskPlan:
        return class_folders.plan(_only(raw.folders()), task, splitting, group)

    make_from(task.folder_name, planner, sources, to, rates)


@click.command("csv", short_help="A task of your own: a table of files and labels.")
@click.argument("name")
@csv_option
@column_option
@multilabel_option
@click.option("--separator", help="What is between several labels in one row.")
@place_options
@task_options
@one_line
def csv(
    name: str,
    table: Path,
    columns: dict[str, str],
    multilabel: bool,
    separator: str | None,
    sources: Sequence[Path],
    rates: Sequence[str],
    to: Path,
    debug: bool,
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by _own
) -> None:
    """Make the task NAME of a CSV with columns file, label and perhaps split or fold, and group.

    A group, such as a speaker, never straddles drawn splits.
    """
    from benchmark.tasks.make.label_csv import label_plan

    task, splitting = _own(name, "scene", multilabel or separator is not None, **task_and_splits)

    def planner(raw: Sources) -> TaskPlan:
        roots = raw.folders()
        return label_plan(_table(table, roots), roots, task, splitting, columns, separator)

    make_from(task.folder_name, planner, sources, to, rates)


@click.command("events", short_help="A task of your own: a table of events.")
@click.argument("name")
@csv_option
@column_option
@click.option(
    "--time-unit",
    "unit",
    type=click.Choice(["s", "ms"]),
    required=True,
    help="Unit of onset and offset.",
)
@place_options
@task_options
@one_line
def events(
    name: str,
    table: Path,
    columns: dict[str, str],
    unit: TimeUnit,
    sources: Sequence[Path],
    rates: Sequence[str],
    to: Path,
    debug: bool,
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by _own
) -> None:
    """Make the task NAME of a CSV: file, onset, offset, label, perhaps split or fold, and group."""
    from benchmark.tasks.make.event_csv import event_plan

    task, splitting = _own(name, "event", **task_and_splits)

    def planner(raw: Sources) -> TaskPlan:
        roots = raw.folders()
        return event_plan(_table(table, roots), roots, task, splitting, columns, unit)

    make_from(task.folder_name, planner, sources, to, rates)


@click.command("jams", short_help="A task of your own: JAMS annotations.")
@click.argument("name")
@click.option("--namespace", help="Which annotations to read, e.g. segment_open.")
@click.option("--scene", is_flag=True, help="Take the labels of whole clips, not events.")
@multilabel_option
@place_options
@task_options
@one_line
def jams(
    name: str,
    namespace: str | None,
    scene: bool,
    multilabel: bool,
    sources: Sequence[Path],
    rates: Sequence[str],
    to: Path,
    debug: bool,
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by _own
) -> None:
    """Make the task NAME of .jams files and the audio of the same names.

    Folders called train, valid, test or fold1, ... above the files give the splits.
    """
    from benchmark.tasks.make import jams as jams_files

    kind = "scene" if scene else "event"
    task, splitting = _own(name, kind, multilabel, **task_and_splits)

    def planner(raw: Sources) -> TaskPlan:
        return jams_files.plan(raw.folders(), task, splitting, namespace)

    make_from(task.folder_name, planner, sources, to, rates)


def _own(
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
) -> tuple[OwnTask, Splitting]:
    from benchmark.tasks.make.drawn_splits import Splitting
    from benchmark.tasks.make.own_task import OwnTask

    task = OwnTask(
        name=name,
        version=version,
        embedding_type="event" if kind == "event" else "scene",
        multilabel=multilabel,
        scores=tuple(scores),
        seconds=duration,
    )
    return task, Splitting(shares=shares, folds=folds, seed=seed)


def _only(roots: list[Path]) -> Path:
    if len(roots) != 1:
        raise ValueError(f"Give one --source with the folders of the classes, not {len(roots)}.")
    return roots[0]


def _table(table: Path, roots: list[Path]) -> Path:
    """The table as it was given, or as it is called below the sources."""
    found = [path for path in (table, *(root / table for root in roots)) if path.is_file()]
    found = found or [path for root in roots for path in sorted(root.rglob(table.name))]
    return found[0] if found else table
