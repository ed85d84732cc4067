"""``hear-validator MODULE``: the command line of upstream's hearvalidator."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from benchmark.validator.loaded_module import ValidationError
from benchmark.validator.validate import validate
from msssl_common.devices import DEVICE_HELP, resolve_device


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="msssl-hear", message="%(prog)s %(version)s")
@click.argument("module")
@click.option(
    "--model", "-m", default="", metavar="PATH", help="Checkpoint to give to its load_model."
)
@click.option(
    "--device",
    "-d",
    default="auto",
    show_default=True,
    metavar="DEVICE",
    help=DEVICE_HELP,
)
def main(module: str, model: str, device: str) -> None:
    """Check that MODULE follows the HEAR API and that its scores can be trusted.

    MODULE is an import name, also of a module in the current folder. Upstream's checks come first.
    More checks follow: NaN; timestamps in seconds, out of order or outside the audio; embeddings
    that change between calls or with the other clips of a batch; silence; short clips; a click
    train. Prints "Looks good!" and exits with 0, or says what is wrong and exits with 1.

    \b
    Examples:
      hear-validator msssl_hear
      hear-validator my_module --model weights.pt --device cuda
    """  # noqa: D301 -- click wants the character behind \\b
    # Last, so that a file beside the module cannot stand in for a library.
    sys.path.append(str(Path.cwd()))
    try:
        validate(module, model, resolve_device(device))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    except ValidationError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
