"""``mspretrain check-overlap``: is evaluation audio in the pretraining audio?"""

from __future__ import annotations

from pathlib import Path

import click

from msssl_common.messages import explain_error, say


@click.command("check-overlap")
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of the audio to train on.",
)
@click.option(
    "--tasks-dir",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of tasks, or one task. Every audio file below it is compared.",
)
def check_overlap(data: Path, tasks_dir: Path) -> None:
    """Find audio of evaluation tasks in the training audio.

    Finds equal files under any name, and excerpts of about half a second and longer, at any level,
    re-encoded or not. Does not find copies that were pitch-shifted, stretched or mixed.

    Example: mspretrain check-overlap --data my-audio --tasks-dir tasks

    The exit status is 1 if anything was found or any file could not be read.
    """
    from pretrain.tools.overlap import find_overlaps, read_prints

    try:
        training, tasks = read_prints(data), read_prints(tasks_dir)
    except (ValueError, OSError, MemoryError) as error:
        raise click.ClickException(explain_error(error)) from None
    overlaps = find_overlaps(training, tasks)
    skipped = [*training.skipped, *tasks.skipped]
    for sentence in skipped:
        say(f"not compared: {sentence}", err=True)
    for overlap in overlaps:
        say(str(overlap))
    say(
        f"{len(training.names)} training files, {len(tasks.names)} task files: "
        f"{len(overlaps) or 'no'} overlap{'' if len(overlaps) == 1 else 's'}"
    )
    if overlaps or skipped:
        raise SystemExit(1)
