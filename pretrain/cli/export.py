"""``msssl-hear``: the bundled encoders, and those that ``mspretrain`` made, for other programs.

It is here and not in ``msssl_hear`` because importing that package imports torch, and ``--help``
is to answer at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from msssl_common.messages import explain_error, one_printable_line, say

if TYPE_CHECKING:
    from msssl_hear.export import Format


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="msssl-hear", message="%(prog)s %(version)s")
def main() -> None:
    """Take an encoder out of Python, or out of this package."""


@main.command(short_help="Write MODEL to an ONNX or torch.export file.")
@click.argument("model", default="multi")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["onnx", "torch"]),
    required=True,
    help="onnx: for onnxruntime, in any language. torch: a torch.export program (.pt2).",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The file.  [default: the model's name with .onnx or .pt2, in the current folder]",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def export(model: str, kind: Format, out: Path | None, force: bool) -> None:
    """Write MODEL to one file, from waveform to scene and timestamp embeddings.

    MODEL is multi (the default), cola, or a checkpoint that mspretrain wrote; behind it may stand a
    read-out, as in multi:paper. The file takes any number of clips and samples. It gets its name
    only after its embeddings were compared with the model's (to 1e-4).

    onnx needs pip install 'msssl-hear[onnx]'.

    \b
    Examples:
      msssl-hear export --format onnx
      msssl-hear export multi:paper --format onnx --out small.onnx
      msssl-hear export runs/mine/weights.safetensors --format torch
    """  # noqa: D301 -- click wants the character behind \\b
    from msssl_hear import load_model
    from msssl_hear.export import export_encoder
    from msssl_hear.export.file import SUFFIXES

    try:
        loaded = load_model(model)
        path = out or Path(loaded.row_label.replace(":", "-") + SUFFIXES[kind])
        if path.exists() and not force:
            raise ValueError(f"{path} is there already: give --out another name, or --force")
        exported = export_encoder(loaded, path, kind)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        raise click.ClickException(explain_error(error)) from None
    say(
        f"{one_printable_line(exported.path)}: {loaded.row_label}, "
        f"{exported.size / 1e6:.1f} MB, at most "
        f"{exported.difference:.0e} from the model"
    )
