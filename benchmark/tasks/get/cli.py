"""``msbench tasks get``: HEAR's tasks from their published archives."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from benchmark.cli_options import SOME_FAILED, debug_option, one_line

TASKS_DIR: Final = Path("tasks")
SAMPLE_RATES: Final = ("16000", "22050", "32000", "44100", "48000")  # Hz, those of the HEAR API


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--sample-rate",
    type=click.Choice(SAMPLE_RATES),
    default=SAMPLE_RATES[0],
    show_default=True,
    help="Rate of the audio in Hz, that of the modules to compare; HEAR publishes 48000.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    default=TASKS_DIR,
    show_default=True,
    help="Folder for task folders.",
)
@click.option("--mirror", metavar="URL", help="Fetch archives from a folder on another server.")
@click.option(
    "--from",
    "archives",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Take archives (hear2021-...-48000.tar.gz) from a local folder; nothing is fetched.",
)
@click.option(
    "--keep-source",
    is_flag=True,
    help="Keep the audio at 48000 Hz too, for other rates later without another download.",
)
@debug_option
@one_line
def get(
    names: Sequence[str],
    sample_rate: str,
    to: Path,
    mirror: str | None,
    archives: Path | None,
    keep_source: bool,
    debug: bool,
) -> None:
    """Fetch HEAR's tasks, resample their audio, check it, and put them into a tasks folder.

    NAME is a task as `msbench tasks ls` or the leaderboard calls it: esc50, ESC-50 or
    esc50-v2.0.0-full. What was stopped, by whatever, goes on with the same command. Exit status 0:
    every task is there; 1: some could not be had, and a line says why; 2: nothing could be done.

    \b
    Examples:
      msbench tasks get esc50 speech_commands_5h
      msbench tasks get maestro --sample-rate 32000 --to hear/tasks
      msbench tasks get gtzan --from ~/downloads
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.tasks.catalogue.names import folders_called
    from benchmark.tasks.get.get_task import Getter
    from benchmark.tasks.get.origin import Origin
    from msssl_common.console import make_console
    from msssl_common.messages import failure_reason

    folders = list(dict.fromkeys(folder for name in names for folder in folders_called(name)))
    getter = Getter(to, int(sample_rate), make_console(), Origin(mirror, archives), keep_source)
    failed = 0
    for folder in folders:
        try:
            getter.get(folder)
        except (ValueError, OSError) as error:
            failed += 1
            click.echo(f"{folder}: {failure_reason(error, debug)}", err=True)
    if failed:
        sys.exit(SOME_FAILED)
