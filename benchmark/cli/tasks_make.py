"""``msbench tasks make``: task folders from raw data, HEAR's or the user's own.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark.cli.make_known import HEAR, known_commands
from benchmark.cli.make_options import (
    column_option,
    csv_option,
    grid_options,
    ignore_option,
    make_from,
    multilabel_option,
    own_task,
    place_options,
    task_options,
)
from benchmark.cli.make_shards import hub, parquet, webdataset
from benchmark.cli.options import report_errors

if TYPE_CHECKING:
    from benchmark.tasks.make.plan import TaskPlan
    from benchmark.tasks.make.sources import Sources
    from benchmark.tasks.make.tables import TimeUnit


@click.command("folders", short_help="A task of your own: a folder of audio per class.")
@click.argument("name")
@place_options
@task_options
@click.option(
    "--group",
    metavar="REGEX",
    help="Part of the file name that names a group, e.g. '^[^_]+' for a speaker. A group stays in "
    "one split.",
)
@report_errors
def folders(
    name: str,
    sources: Sequence[Path],
    rates: Sequence[str],
    to: Path,
    bad_files: float,
    group: str | None,
    debug: bool,
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by own_task
) -> None:
    """Make the task NAME from a folder of audio for each class.

    The folders are {class}/..., or {split}/{class}/... with train, valid, test or fold1, fold2, ...

    \b
    Examples:
      msbench tasks make folders birds --source recordings/ --duration 5
      msbench tasks make folders digits --source raw/ --group '^[^_]+'
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.tasks.make import class_folders

    task, splitting = own_task(name, "scene", **task_and_splits)

    def planner(raw: Sources) -> TaskPlan:
        return class_folders.plan(_only(raw.folders()), task, splitting, group)

    make_from(task.folder_name, planner, sources, to, rates, bad_files)


@click.command("csv", short_help="A task of your own: a table of files and labels.")
@click.argument("name")
@csv_option
@column_option
@ignore_option
@multilabel_option
@click.option("--separator", help="Text between several labels in one row.")
@place_options
@task_options
@report_errors
def csv(
    name: str,
    table: Path,
    columns: dict[str, str],
    ignored: Sequence[str],
    multilabel: bool,
    separator: str | None,
    sources: Sequence[Path],
    rates: Sequence[str],
    to: Path,
    bad_files: float,
    debug: bool,
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by own_task
) -> None:
    """Make the task NAME from a CSV with a label for each file.

    Its columns are file and label, and optionally split or fold, and group. A group, such as a
    speaker, stays in one split.

    \b
    Examples:
      msbench tasks make csv birds --source wavs/ --csv labels.csv
      msbench tasks make csv words --source wavs/ --csv words.csv --column group=speaker
      msbench tasks make csv notes --source wavs/ --csv notes.csv --score pitch_acc,chroma_acc
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.tasks.make.tables import label_plan

    task, splitting = own_task(
        name, "scene", multilabel or separator is not None, **task_and_splits
    )

    def planner(raw: Sources) -> TaskPlan:
        roots = raw.folders()
        return label_plan(_table(table, roots), roots, task, splitting, columns, separator, ignored)

    make_from(task.folder_name, planner, sources, to, rates, bad_files)


@click.command("events", short_help="A task of your own: a table of events.")
@click.argument("name")
@csv_option
@column_option
@ignore_option
@click.option(
    "--time-unit",
    "unit",
    type=click.Choice(["s", "ms"]),
    required=True,
    help="Unit of onset and offset.",
)
@grid_options
@place_options
@task_options
@report_errors
def events(
    name: str,
    table: Path,
    columns: dict[str, str],
    ignored: Sequence[str],
    unit: TimeUnit,
    sources: Sequence[Path],
    rates: Sequence[str],
    to: Path,
    bad_files: float,
    debug: bool,
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by own_task
) -> None:
    """Make the task NAME from a CSV of events.

    Its columns are file, onset, offset and label, and optionally split or fold, and group. A group,
    such as a speaker, stays in one split.

    \b
    Example:
      msbench tasks make events office --source wavs/ --csv events.csv --time-unit s
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.tasks.make.tables import event_plan

    task, splitting = own_task(name, "event", **task_and_splits)

    def planner(raw: Sources) -> TaskPlan:
        roots = raw.folders()
        return event_plan(_table(table, roots), roots, task, splitting, columns, unit, ignored)

    make_from(task.folder_name, planner, sources, to, rates, bad_files)


@click.command("jams", short_help="A task of your own: JAMS annotations.")
@click.argument("name")
@click.option("--namespace", help="Annotations to read, e.g. segment_open.")
@click.option("--scene", is_flag=True, help="Read the labels of whole clips, not events.")
@multilabel_option
@grid_options
@place_options
@task_options
@report_errors
def jams(
    name: str,
    namespace: str | None,
    scene: bool,
    multilabel: bool,
    sources: Sequence[Path],
    rates: Sequence[str],
    to: Path,
    bad_files: float,
    debug: bool,
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by own_task
) -> None:
    """Make the task NAME from .jams files and the audio files of the same names.

    Folders named train, valid, test or fold1, fold2, ... above the files give the splits.

    \b
    Example:
      msbench tasks make jams street --source URBAN-SED/ --duration 10
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.tasks.make import jams as jams_files

    kind = "scene" if scene else "event"
    task, splitting = own_task(name, kind, multilabel, **task_and_splits)

    def planner(raw: Sources) -> TaskPlan:
        return jams_files.plan(raw.folders(), task, splitting, namespace)

    make_from(task.folder_name, planner, sources, to, rates, bad_files)


def _only(roots: list[Path]) -> Path:
    if len(roots) != 1:
        raise ValueError(
            f"Give exactly one --source, with the folders of the classes, not {len(roots)}."
        )
    return roots[0]


def _table(table: Path, roots: list[Path]) -> Path:
    """The table as it was given, or as it is called below the sources."""
    found = [path for path in (table, *(root / table for root in roots)) if path.is_file()]
    found = found or [path for root in roots for path in sorted(root.rglob(table.name))]
    return found[0] if found else table


class MakeGroup(click.Group):
    """Commands by name; HEAR's tasks by any name that ``msbench tasks ls`` or the board has."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, or a usage error that says what there is."""
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        from benchmark.tasks.catalogue.hear_tasks import folders_called

        try:
            folders = folders_called(cmd_name)
        except ValueError as error:
            raise click.UsageError(f"{error} Or see msbench tasks make --help.") from None
        for name, (base, mode, _) in HEAR.items():
            if folders == (f"{base}-{mode}",):
                return self.commands[name]
        raise click.UsageError(
            f"{cmd_name} cannot be made from raw data; msbench tasks get {cmd_name} downloads it. "
            f"These can be made: {', '.join(self.commands)}."
        )


@click.group(cls=MakeGroup, short_help="Make task folders from raw data, also your own.")
def make() -> None:
    """Make task folders from raw data: HEAR's by HEAR's rules, others, or your own.

    HEAR's splits, labels and lengths are those of hear-preprocess. Audio becomes mono 16-bit PCM,
    resampled with soxr. The same command resumes interrupted work.

    \b
    Examples:
      msbench tasks make esc50 --source ESC-50-master.zip
      msbench tasks make speech_commands_5h --source downloads/
      msbench tasks make folders birds --source recordings/ --duration 5
      msbench tasks make csv digits --source wavs/ --csv labels.csv --column group=speaker
      msbench tasks make events office --source wavs/ --csv events.csv --time-unit s
    """  # noqa: D301 -- click wants the character behind \\b


for _command in (*known_commands(), folders, csv, events, jams, parquet, hub, webdataset):
    make.add_command(_command)
