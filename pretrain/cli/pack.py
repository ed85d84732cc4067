"""``mspretrain pack``: pack audio into webdataset shards."""

from __future__ import annotations

import os
from pathlib import Path

import click

from msssl_common.finite_numbers import FiniteRange
from msssl_common.messages import explain_error, say


@click.command(short_help="Pack audio into webdataset shards of 16 kHz mono.")
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of audio that libsndfile reads, at any depth, of any rate and number of channels.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder for the shards."
)
@click.option(
    "--list",
    "lists",
    multiple=True,
    type=click.Path(path_type=Path),
    help="AudioSet's CSV of the clips to pack. May be given several times.  [default: every file]",
)
@click.option(
    "--codec",
    type=click.Choice(["flac", "opus"]),
    default="flac",
    show_default=True,
    help="FLAC is lossless; Opus has a fifth of the bytes.",
)
@click.option(
    "--clips-per-shard",
    type=click.IntRange(min=1),
    default=512,
    show_default=True,
    help="Clips in a tar file.",
)
@click.option(
    "--silence",
    type=FiniteRange(),
    default=-60.0,
    show_default=True,
    help="Drop clips below this loudness, LUFS.",
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    help="Processes that decode.  [default: one per core]",
)
def pack(
    data: Path,
    out: Path,
    lists: tuple[Path, ...],
    codec: str,
    clips_per_shard: int,
    silence: float,
    processes: int | None,
) -> None:
    """Pack audio into webdataset shards of 16 kHz mono, for mspretrain run --data OUT.

    The same command resumes interrupted work, and ends with the same shards. Near-silent clips and
    duplicates are left out. OUT/dropped.csv lists them, and missing and unreadable files.

    \b
    Examples:
      mspretrain pack --data my-audio --out shards
      mspretrain pack --data audio --list balanced_train_segments.csv --out shards
    """  # noqa: D301 -- click wants the character behind \\b
    from rich.progress import Progress

    from msssl_common.console import make_console
    from pretrain.data.pack.audioset import clips_of_lists
    from pretrain.data.pack.clip import PackArgs
    from pretrain.data.pack.pack import pack as pack_clips
    from pretrain.data.pack.wanted import clips_of_folder

    args = PackArgs("opus" if codec == "opus" else "flac", clips_per_shard, silence)
    try:
        wanted = clips_of_lists(lists, data) if lists else clips_of_folder(data)
        console = make_console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal) as bars:
            bar = bars.add_task("Packing", total=len(wanted))
            summary = pack_clips(
                wanted,
                data,
                out,
                args,
                processes or os.cpu_count() or 1,
                lambda done: bars.update(bar, completed=done),
            )
    except (ValueError, OSError, MemoryError) as error:
        raise click.ClickException(explain_error(error)) from None
    say(str(summary))
    say(f"{summary.cpu_seconds:.1f} s of processor time; left out: {out / 'dropped.csv'}")
