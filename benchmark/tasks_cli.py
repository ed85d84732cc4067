"""``msbench tasks``: the tasks that models are compared on."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark.cli_options import debug_option, one_line
from benchmark.tasks.check_cli import check
from benchmark.tasks.get.cli import TASKS_DIR, get
from benchmark.tasks.make_cli import make


@click.group()
def tasks() -> None:
    """List, get, make and check tasks."""


@tasks.command("ls")
@click.option(
    "--tasks-dir",
    type=click.Path(path_type=Path),
    help="Folder of tasks in HEAR's format, or one task, to look into.  "
    f"[default: {TASKS_DIR}, where get puts tasks, if it is there]",
)
@debug_option
@one_line
def list_tasks(tasks_dir: Path | None, debug: bool) -> None:
    """List every known task: the embedded suite, those of a folder, and HEAR's."""
    from benchmark.tasks.catalogue.listing import listed_tasks
    from benchmark.tasks.catalogue.table import print_listed
    from msssl_common.console import make_console

    if tasks_dir is None and TASKS_DIR.is_dir():
        tasks_dir = TASKS_DIR
    print_listed(make_console(), *listed_tasks(tasks_dir))


tasks.add_command(get)
tasks.add_command(make)
tasks.add_command(check)
