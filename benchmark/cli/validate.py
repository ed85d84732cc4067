"""``hear-validator MODULE``, the command line of upstream's hearvalidator, and msbench validate."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from benchmark.cli.options import (
    debug_option,
    env_option,
    env_timeout_option,
    in_process_option,
    report_errors,
)
from msssl_common.devices import DEVICE_HELP
from msssl_common.messages import explain_error


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    short_help="Check that MODULE follows the HEAR API (hear-validator).",
)
@click.version_option(package_name="msssl-hear", message="%(prog)s %(version)s")
@click.argument("module")
@click.option(
    "--model", "-m", default="", metavar="PATH", help="Checkpoint to give to its load_model."
)
@click.option(
    "--device", "-d", default="auto", show_default=True, metavar="DEVICE", help=DEVICE_HELP
)
@env_option
@env_timeout_option
@in_process_option
@debug_option
@report_errors
def main(
    module: str,
    model: str,
    device: str,
    env: Sequence[str],
    env_timeout: float,
    in_process: bool,
    debug: bool,
) -> None:
    """Check that MODULE follows the HEAR API and that its scores can be trusted.

    MODULE is an import name, also of a module in the current folder. It runs in a process of its
    own, as in msbench run, and what it prints goes to a log. Upstream's checks come first. More
    checks follow: NaN; timestamps in seconds, out of order or outside the audio; equal embeddings
    for different sounds; huge and tiny values; clips of odd lengths; embeddings that change between
    calls or with the other clips of a batch; silence; short clips; a click train. Prints "Looks
    good!" and exits with 0, or says what is wrong and exits with 1.

    \b
    Examples:
      hear-validator msssl_hear
      hear-validator my_module --model weights.pt --device cuda
      hear-validator hearbaseline --env other_venv/bin/python
    """  # noqa: D301 -- click wants the character behind \\b
    # Heavy from here on: torch.
    from benchmark.models.hear_module import check_import_name
    from benchmark.models.worker.interpreter import Interpreter, interpreters
    from benchmark.validator.loaded_module import ValidationError
    from benchmark.validator.validate import validate
    from msssl_common.devices import resolve_device

    check_import_name(module)
    elsewhere = interpreters([module], env, env_timeout).get(module)
    interpreter = elsewhere or (None if in_process else Interpreter.here())
    if interpreter is None:
        # Last, so that a file beside the module cannot stand in for a library.
        sys.path.append(str(Path.cwd()))
    try:
        validate(module, model, resolve_device(device), interpreter, debug)
    except ValidationError as error:
        raise click.ClickException(explain_error(error)) from error


if __name__ == "__main__":
    main()
