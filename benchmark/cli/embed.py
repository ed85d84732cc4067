"""``msbench embed``: any HEAR module over any audio files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.options import (
    SOME_FAILED,
    debug_option,
    device_option,
    env_option,
    env_timeout_option,
    in_process_option,
    report_errors,
    said_device,
)
from msssl_common.messages import one_printable_line, say

if TYPE_CHECKING:
    from benchmark.file_embeddings.embed import EmbeddedFiles
    from benchmark.file_embeddings.shards import Kind, Layout

PIECE_SECONDS = 300
SHOWN = 10
KINDS: dict[str, tuple[Kind, ...]] = {
    "scene": ("scene",),
    "timestamps": ("timestamps",),
    "both": ("scene", "timestamps"),
}


@click.command()
@click.argument("module")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--list",
    "listed",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Text file with more paths, one a line; - is standard input.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder of the embeddings, new or to go on with.",
)
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="scene",
    show_default=True,
    help="One embedding a file, one a frame, or both.",
)
@click.option(
    "--format",
    "layout",
    type=click.Choice(["parquet", "npz"]),
    default="parquet",
    show_default=True,
    help="parquet needs pip install 'msssl-hear[parquet]'; npz is NumPy's.",
)
@click.option(
    "--piece",
    "piece_seconds",
    type=click.IntRange(min=1),
    default=PIECE_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Files longer than this are embedded in pieces of this length.",
)
@device_option
@env_option
@env_timeout_option
@in_process_option
@debug_option
@report_errors
def embed(
    module: str,
    paths: Sequence[str],
    listed: Path | None,
    out: Path,
    kind: str,
    layout: Layout,
    piece_seconds: int,
    device: str,
    env: Sequence[str],
    env_timeout: float,
    in_process: bool,
    debug: bool,
) -> None:
    """Embed audio files with MODULE, a HEAR module as for msbench run.

    PATH is an audio file of any rate and number of channels, or a folder of them at any depth.
    OUT/scene and OUT/timestamps get shards of a thousand files or 64 MB. Stopped at any moment, the
    same command resumes; later it embeds what is new.

    MODULE runs in a process of its own, as in msbench run. In the end it embeds its first clip
    again: what it keeps between calls must not change its embeddings.

    Exit status 0: every file is embedded; 1: some were skipped, and OUT/failed.csv says why, or the
    module's embeddings depend on what came before; 2: nothing could be embedded.

    \b
    Examples:
      msbench embed msssl_hear recordings/ --out embeddings
      msbench embed msssl_hear=multi:paper a.wav b.mp3 --kind both --format npz --out embeddings
      find archive -name '*.flac' | msbench embed my_module --list - --out embeddings
    """  # noqa: D301 -- click wants the character behind \\b
    from contextlib import closing

    from benchmark.file_embeddings.embed import embed_files
    from benchmark.file_embeddings.find import read_list
    from benchmark.file_embeddings.shards import check_layout
    from benchmark.models.hear_module import load_hear_module
    from benchmark.models.specs import split_spec
    from benchmark.models.worker.interpreter import Interpreter, interpreters
    from msssl_common.console import bar, make_console

    check_layout(layout)
    wanted = [*paths, *(read_list(listed) if listed else ())]
    elsewhere = interpreters([module], env, env_timeout).get(split_spec(module)[0])
    interpreter = elsewhere or (None if in_process else Interpreter.here())
    console = make_console()
    with (
        closing(load_hear_module(module, said_device(device), interpreter)) as hear,
        bar(console, f"{hear.label}: embedding files") as advance,
    ):
        result = embed_files(
            hear,
            wanted,
            out,
            kinds=KINDS[kind],
            layout=layout,
            piece_seconds=piece_seconds,
            progress=advance,
        )
    _print(result)
    if result.failed or result.caution:
        sys.exit(SOME_FAILED)


def _print(result: EmbeddedFiles) -> None:
    """What was done, and the first of what was not."""
    minutes = result.audio_seconds / 60
    kept = f", there already: {result.kept}" if result.kept else ""
    say(f"{result.out}: files embedded: {result.embedded} ({minutes:.1f} min){kept}.")
    if result.upsampled:
        say(
            f"Files at a lower sample rate than the model's: {result.upsampled}; the upper part of "
            "their spectrum is empty."
        )
    if result.failed:
        say(f"{len(result.failed)} skipped; {result.out}/failed.csv has them all:", err=True)
        for reason in list(result.failed.values())[:SHOWN]:
            say(f"  {one_printable_line(reason)}", err=True)
    if result.caution:
        say(f"{result.out}: {one_printable_line(result.caution)}", err=True)
