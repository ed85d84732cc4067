"""``msbench tasks check``: what is wrong with task folders."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from benchmark.cli_options import SOME_FAILED, debug_option, one_line


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path), metavar="[DIR]...")
@click.option("--all", "everything", is_flag=True, help="Print every finding, not ten of a kind.")
@click.option("--json", "machine", is_flag=True, help="Print all findings and counts as JSON.")
@debug_option
@one_line
def check(folders: Sequence[Path], everything: bool, machine: bool, debug: bool) -> None:
    """Find everything that is wrong with the task folders in every DIR, or the embedded suite.

    DIR is a task in HEAR's format or a folder of tasks. All audio is read, clip by clip. Exit
    status 1: there are errors, on which a benchmark would fail or mislead; 0: warnings at most.

    \b
    Examples:
      msbench tasks check hear-2021.0.6/tasks
      msbench tasks check my_task --all
      msbench tasks check my_task --json | jq -r '.tasks[].findings[].message'
    """  # noqa: D301 -- click wants the character behind \\b
    from rich.console import Console

    from benchmark.chosen_tasks import tasks_of
    from benchmark.tasks.check.check_task import check_task
    from benchmark.tasks.check.report import as_json, print_check
    from benchmark.tasks.find import task_folders
    from msssl_common.console import bar, make_console

    console = make_console()
    bars = Console(stderr=True)
    found = [folder for given in folders for folder in task_folders(given)]
    if not folders:
        found = [task.folder for task in tasks_of(None, bars)]
    checks = []
    for folder in found:
        with bar(bars, f"Checking {folder.resolve().name}") as advance:
            checks.append(check_task(folder, advance))
        if not machine:
            print_check(console, checks[-1], everything)
    if machine:
        click.echo(as_json(checks))
    if any(one.number("error") for one in checks):
        sys.exit(SOME_FAILED)
