"""No option of any command takes "nan" or "inf" for a number."""

from collections.abc import Iterator

import click
import pytest

from benchmark.cli import main as msbench
from pretrain.cli import main as mspretrain


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found is not None
            yield from commands(found, f"{name} {each}")


OPTIONS = {
    f"{name} {parameter.opts[0]}": parameter
    for program in (msbench, mspretrain)
    for name, command in commands(program, program.name or "")
    for parameter in command.params
    if isinstance(parameter.type, click.types.FloatParamType)
}


def test_there_are_options_with_numbers() -> None:
    assert len(OPTIONS) >= 8


@pytest.mark.parametrize("option", OPTIONS)
def test_nan_and_infinity_are_refused(option: str) -> None:
    parameter = OPTIONS[option]
    for text in ("nan", "inf", "-inf", "1e999", "NaN"):
        with pytest.raises(click.BadParameter, match=r"no finite number|not in the range"):
            parameter.type.convert(text, parameter, None)
    assert isinstance(parameter.type.convert("1", parameter, None), float)
