"""``--config FILE``: options of a command from a YAML file; the command line wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def _use(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    """Make the file's values the defaults of the command's other options."""
    if path is not None:
        try:
            context.default_map = defaults_of(context.command, path)
        except (ValueError, OSError) as error:
            raise click.UsageError(str(error), context) from error


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    is_eager=True,  # before the options whose defaults it sets
    expose_value=False,
    callback=_use,
    metavar="FILE",
    help="YAML file of these options, named as here without the dashes before them, and modules. "
    "The command line wins.",
)


def defaults_of(command: click.Command, path: Path) -> dict[str, Any]:
    """Defaults by parameter name, as click's ``default_map`` has them.

    Raises:
        ValueError: The file cannot be read, or has a key that is no option of the command.
    """
    from msssl_common.yaml_files import read_yaml_table

    known = {_key(parameter): parameter for parameter in command.params if parameter.expose_value}
    defaults: dict[str, Any] = {}
    for key, value in read_yaml_table(path, "a file of options").items():
        if key not in known:
            raise ValueError(
                f"{path}: {str(key)[:80]!r} is no option; it may be one of {', '.join(known)}"
            )
        defaults[known[key].name or ""] = _value(known[key], value, f"{path}: {key}")
    return defaults


def _key(parameter: click.Parameter) -> str:
    """How a file names it: ``tasks-dir``; of ``--floor/--no-floor`` the first."""
    long = [name for name in parameter.opts if name.startswith("--")]
    return long[0].removeprefix("--") if long else parameter.name or ""


def _value(parameter: click.Parameter, value: object, where: str) -> object:
    """A value as the command line has it; click checks its type and range."""
    if isinstance(value, dict) or value is None:
        raise ValueError(f"{where} must be a value or a list of values")
    switch = isinstance(parameter, click.Option) and parameter.is_flag
    if switch != isinstance(value, bool):
        kind = "true or false" if switch else "a value, not true or false"
        raise ValueError(f"{where} must be {kind}")
    several = parameter.multiple or parameter.nargs == -1
    if isinstance(value, list):
        if any(isinstance(item, dict | list | bool) or item is None for item in value):
            raise ValueError(f"{where} must be a list of names or numbers")
        words = [str(item) for item in value]
        return words if several else ",".join(words)
    return [str(value)] if several else str(value) if not switch else value
