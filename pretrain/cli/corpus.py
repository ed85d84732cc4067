"""``mspretrain corpus``: an openly licensed corpus that anyone can make."""

from __future__ import annotations

from pathlib import Path

import click

from msssl_common.finite_numbers import FiniteRange
from msssl_common.messages import explain_error, say


@click.group()
def corpus() -> None:
    """Make a folder of openly licensed audio to train on."""


@corpus.command(short_help="Make a corpus from packages of Debian.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the corpus.")
@click.option(
    "--from",
    "debs",
    type=click.Path(path_type=Path),
    help="Folder of the .deb files [downloaded with apt-get, about 2.4 GB, into OUT/debs].",
)
@click.option(
    "--tasks-dir",
    type=click.Path(path_type=Path),
    help="Folder of tasks: what sounds like any audio below it is left out.",
)
@click.option(
    "--source-hours",
    type=FiniteRange(min=0.001),
    default=0.6,
    show_default=True,
    help="Most hours of one package in one kind.",
)
@click.option(
    "--kind-hours",
    type=FiniteRange(min=0.001),
    default=4.0,
    show_default=True,
    help="Most hours of each kind: speech, sounds, notes, music, nature.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="PACKAGE",
    help="Packages to use; may be given several times [the whole list].",
)
def debian(
    out: Path,
    debs: Path | None,
    tasks_dir: Path | None,
    source_hours: float,
    kind_hours: float,
    only: tuple[str, ...],
) -> None:
    """Make a corpus from packages of Debian: clips of 1 to 10 s, with a manifest and licences.

    If the command is killed, run it again: it resumes. The same packages give the same bytes. If
    fluidsynth is installed, notes of all General MIDI instruments are rendered too.

    \b
    Examples:
      mspretrain corpus debian --out corpus
      mspretrain corpus debian --out corpus --from debs --tasks-dir tasks
    """  # noqa: D301 -- click wants the character behind \\b
    from pretrain.data.debian.corpus import CorpusArgs, make_corpus
    from pretrain.data.debian.package_list import read_list

    try:
        summary = make_corpus(
            read_list(only),
            out,
            CorpusArgs(source_hours, kind_hours),
            debs,
            tasks_dir,
            lambda sentence: say(sentence, err=True),
        )
    except (ValueError, OSError, MemoryError) as error:
        raise click.ClickException(explain_error(error)) from None
    say(str(summary))
