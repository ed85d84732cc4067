"""``msbench tasks``: the tasks that models are compared on."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark.cli_options import debug_option, one_line, tasks_dir_option


@click.group()
def tasks() -> None:
    """Look at tasks."""


@tasks.command("ls")
@tasks_dir_option
@debug_option
@one_line
def list_tasks(tasks_dir: Path | None, debug: bool) -> None:
    """List the tasks of a folder, or of the embedded suite."""
    from benchmark.chosen_tasks import tasks_of
    from benchmark.tasks.find import UnreadableTask
    from benchmark.terminal import make_console

    for task in tasks_of(tasks_dir, make_console()):
        if isinstance(task, UnreadableTask):
            click.echo(f"{task.full_name:<36} cannot be read: {task.reason}")
            continue
        length = "any length" if task.sample_duration is None else f"{task.sample_duration:g} s"
        scores = ", ".join(task.evaluation)
        kind = f"{task.family}, {task.prediction_type}, {task.split_mode}"
        click.echo(
            f"{task.full_name:<36} {kind}, {len(task.vocabulary)} classes, {length}; {scores}"
        )
