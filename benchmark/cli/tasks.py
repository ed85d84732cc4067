"""``msbench tasks ls``, ``get`` and ``check``: list, download and check tasks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from benchmark.cli.make_known import HEAR
from benchmark.cli.options import SAMPLE_RATES, SOME_FAILED, TASKS_DIR, debug_option, report_errors
from benchmark.cli.tasks_make import make
from msssl_common.messages import say


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--sample-rate",
    type=click.Choice(SAMPLE_RATES),
    default=SAMPLE_RATES[0],
    show_default=True,
    help="Sample rate in Hz, that of the modules to compare. HEAR publishes 48000.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    default=TASKS_DIR,
    show_default=True,
    help="Folder for task folders.",
)
@click.option(
    "--mirror", metavar="URL", help="Download the archives from a folder on another server."
)
@click.option(
    "--from",
    "archives",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Use archives (hear2021-...-48000.tar.gz) in a local folder; download nothing.",
)
@click.option(
    "--keep-source",
    is_flag=True,
    help="Also keep the audio at 48000 Hz, to make other rates later without a download.",
)
@debug_option
@report_errors
def get(
    names: Sequence[str],
    sample_rate: str,
    to: Path,
    mirror: str | None,
    archives: Path | None,
    keep_source: bool,
    debug: bool,
) -> None:
    """Download HEAR's tasks, resample their audio and check it.

    NAME is the name of a task in `msbench tasks ls` or on the leaderboard: esc50, ESC-50 or
    esc50-v2.0.0-full. The same command resumes an interrupted download. Exit status: 0 if every
    task is there; 1 if some failed, and a line says why; 2 if nothing could be done.

    \b
    Examples:
      msbench tasks get esc50 speech_commands_5h
      msbench tasks get maestro --sample-rate 32000 --to hear/tasks
      msbench tasks get gtzan --from ~/downloads
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.tasks.catalogue.hear_tasks import folders_called
    from benchmark.tasks.get.get_task import TaskDownload
    from benchmark.tasks.get.origin import Origin
    from msssl_common.console import make_console
    from msssl_common.messages import reason_for_cell

    folders = list(dict.fromkeys(folder for name in names for folder in folders_called(name)))
    getter = TaskDownload(
        to, int(sample_rate), make_console(), Origin(mirror, archives), keep_source
    )
    failed = 0
    for folder in folders:
        try:
            getter.get(folder)
        except (ValueError, OSError) as error:
            failed += 1
            say(f"{folder}: {reason_for_cell(error, debug)}", err=True)
    if failed:
        sys.exit(SOME_FAILED)


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path), metavar="[DIR]...")
@click.option(
    "--all", "everything", is_flag=True, help="Print every finding, not only ten of each kind."
)
@click.option("--json", "machine", is_flag=True, help="Print all findings and counts as JSON.")
@debug_option
@report_errors
def check(folders: Sequence[Path], everything: bool, machine: bool, debug: bool) -> None:
    """Find all faults of the tasks in every DIR, or of the embedded suite.

    DIR is a task in HEAR's format or a folder of tasks. All audio is read. Exit status: 1 if there
    are errors, with which a benchmark would fail or mislead; 0 if there are warnings at most.

    \b
    Examples:
      msbench tasks check hear-2021.0.6/tasks
      msbench tasks check my_task --all
      msbench tasks check my_task --json | jq -r '.tasks[].findings[].message'
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.tasks.check.check_task import check_task
    from benchmark.tasks.check.report import as_json, print_check
    from benchmark.tasks.find import find_tasks, task_folders
    from benchmark.tasks.task import seen_name
    from msssl_common.console import bar, make_console

    console = make_console()
    bars = make_console(stderr=True)
    found = [folder for given in folders for folder in task_folders(given)]
    if not folders:
        with bar(bars, "Making the embedded tasks, once") as advance:
            found = [task.folder for task in find_tasks(None, advance)]
    checks = []
    for folder in found:
        with bar(bars, f"Checking {seen_name(folder)}") as advance:
            checks.append(check_task(folder, advance))
        if not machine:
            print_check(console, checks[-1], everything)
    if machine:
        click.echo(as_json(checks))  # JSON escapes what is no plain character
    if any(one.number("error") for one in checks):
        sys.exit(SOME_FAILED)


@click.group()
def tasks() -> None:
    """List, download, make and check tasks."""


@tasks.command("ls", short_help="List all known tasks.")
@click.option(
    "--tasks-dir",
    type=click.Path(path_type=Path),
    help="Folder of tasks in HEAR's format, or one task.  "
    f"[default: {TASKS_DIR}, where get puts tasks, if it exists]",
)
@click.option(
    "--markdown",
    is_flag=True,
    help="Print the page docs/tasks_list.md: facts of all known tasks, whether they are here or "
    "not.",
)
@debug_option
@report_errors
def list_tasks(tasks_dir: Path | None, markdown: bool, debug: bool) -> None:
    """List all known tasks: the embedded suite, those of a folder, HEAR's, and recipes.

    \b
    Example:
      msbench tasks ls --tasks-dir hear/tasks
    """  # noqa: D301 -- click wants the character behind \\b
    if markdown:
        from benchmark.tasks.catalogue.markdown import tasks_page

        say(tasks_page(HEAR).removesuffix("\n"))
        return
    from benchmark.tasks.catalogue.listing import listed_tasks, print_listed
    from msssl_common.console import make_console

    if tasks_dir is None and TASKS_DIR.is_dir():
        tasks_dir = TASKS_DIR
    print_listed(make_console(), *listed_tasks(tasks_dir))


tasks.add_command(get)
tasks.add_command(make)
tasks.add_command(check)
