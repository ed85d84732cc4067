"""``msbench tasks make``: task folders from raw data, HEAR's or the user's own.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from benchmark.cli.options import SAMPLE_RATES, TASKS_DIR, debug_option, names, report_errors

if TYPE_CHECKING:
    from benchmark.tasks.make.build import Planner
    from benchmark.tasks.make.own_task import OwnTask
    from benchmark.tasks.make.plan import TaskPlan
    from benchmark.tasks.make.sources import Sources
    from benchmark.tasks.make.splits import Splitting
    from benchmark.tasks.make.tables import TimeUnit


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
        type=click.FloatRange(0, 100),
        default=1.0,
        show_default=True,
        metavar="PERCENT",
        help="Leave out clips whose files are missing or cannot be read, up to this percentage of "
        "all; more are an error. Each is named.",
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
        help="Scores; the first one selects the head.  [default: top1_acc; with --multilabel mAP, "
        "d_prime, aucroc; of events event_onset_200ms_fms, segment_1s_er]",
    ),
    click.option(
        "--duration",
        type=float,
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
    help="The name of a column, if it differs from its meaning, e.g. file=filename.",
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
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by _own
) -> None:
    """Make the task NAME from a folder of audio for each class.

    The folders are {class}/..., or {split}/{class}/... with train, valid, test or fold1, fold2, ...
    """
    from benchmark.tasks.make import class_folders

    task, splitting = _own(name, "scene", **task_and_splits)

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
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by _own
) -> None:
    """Make the task NAME from a CSV with a label for each file.

    Its columns are file and label, and optionally split or fold, and group. A group, such as a
    speaker, stays in one split.
    """
    from benchmark.tasks.make.tables import label_plan

    task, splitting = _own(name, "scene", multilabel or separator is not None, **task_and_splits)

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
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by _own
) -> None:
    """Make the task NAME from a CSV of events.

    Its columns are file, onset, offset and label, and optionally split or fold, and group. A group,
    such as a speaker, stays in one split.
    """
    from benchmark.tasks.make.tables import event_plan

    task, splitting = _own(name, "event", **task_and_splits)

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
    **task_and_splits: Any,  # noqa: ANN401 -- click's options, sorted out by _own
) -> None:
    """Make the task NAME from .jams files and the audio files of the same names.

    Folders named train, valid, test or fold1, fold2, ... above the files give the splits.
    """
    from benchmark.tasks.make import jams as jams_files

    kind = "scene" if scene else "event"
    task, splitting = _own(name, kind, multilabel, **task_and_splits)

    def planner(raw: Sources) -> TaskPlan:
        return jams_files.plan(raw.folders(), task, splitting, namespace)

    make_from(task.folder_name, planner, sources, to, rates, bad_files)


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
    redraw: bool,
    notes: tuple[int, int] | None,
    median_filter: tuple[float, ...] = (),
    min_duration: tuple[float, ...] = (),
) -> tuple[OwnTask, Splitting]:
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


# HEAR's name for a task -> its folder without mode, its mode, and what to give.
HEAR: Final = {
    "dcase2016_task2": ("dcase2016_task2-hear2021", "full", "train_dev.zip, test_public.zip"),
    "esc50": ("esc50-v2.0.0", "full", "the repository or its master.zip"),
    "nsynth_pitch_5h": ("nsynth_pitch-v2.2.3", "5h", "three nsynth-*.jsonwav.tar.gz"),
    "nsynth_pitch_50h": ("nsynth_pitch-v2.2.3", "50h", "three nsynth-*.jsonwav.tar.gz"),
    "speech_commands_5h": ("speech_commands-v0.0.2", "5h", "both archives of v0.02"),
    "speech_commands_full": ("speech_commands-v0.0.2", "full", "both archives of v0.02"),
}


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


@click.group(cls=MakeGroup)
def make() -> None:
    """Make task folders from raw data: HEAR's by HEAR's rules, or your own.

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


def _hear_command(name: str, base: str, mode: str, archives: str) -> click.Command:
    """The command of one HEAR task."""

    @place_options
    @click.option(
        "--small", is_flag=True, help="The sources are HEAR's small, downsampled raw data."
    )
    @report_errors
    def command(
        sources: Sequence[Path],
        rates: Sequence[str],
        to: Path,
        bad_files: float,
        small: bool,
        debug: bool,
    ) -> None:
        module = import_module(f"benchmark.tasks.make.{base.partition('-')[0]}")
        chosen = "small" if small else mode
        planner: Planner = partial(module.plan, mode=chosen)
        make_from(f"{base}-{chosen}", planner, sources, to, rates, bad_files)

    text = f"{base}-{mode}, from {archives}."
    return click.command(name, help=f"Make {text}", short_help=text)(command)


for _name, (_base, _mode, _archives) in HEAR.items():
    make.add_command(_hear_command(_name, _base, _mode, _archives))
for _command in (folders, csv, events, jams):
    make.add_command(_command)
