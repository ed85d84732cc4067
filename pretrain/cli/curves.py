"""``mspretrain curves``: draw the logs of runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from msssl_common.messages import explain_error, say


@click.command(short_help="Draw losses and scores of run folders.")
@click.argument(
    "runs",
    nargs=-1,
    required=True,
    metavar="RUN...",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the picture and the logs.",
)
def curves(runs: Sequence[Path], out: Path) -> None:
    """Draw losses and scores of run folders over their steps, and copy their logs.

    Example: mspretrain curves runs/cola runs/multi --out results/pretraining

    Needs matplotlib (pip install 'msssl-hear[plots]').
    """
    try:
        from pretrain.tools.curves import write_curves
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise click.ClickException(
            "pictures need matplotlib: pip install 'msssl-hear[plots]'"
        ) from None
    try:
        written = write_curves(runs, out)
    except (ValueError, OSError) as error:
        raise click.ClickException(explain_error(error)) from None
    say(f"wrote {', '.join(map(str, written))}")
