"""Every command's --help: whole sentences, a word on each option, and an example."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from benchmark.cli import main as msbench
from benchmark.cli.validate import main as hear_validator
from pretrain.cli import main as mspretrain
from pretrain.cli.export import main as msssl_hear

PROGRAMS = {
    "msbench": msbench,
    "hear-validator": hear_validator,
    "mspretrain": mspretrain,
    "msssl-hear": msssl_hear,
}
WITHOUT_EXAMPLE = {"msbench cache ls"}
OWN_TASKS = {"csv", "events", "folders", "hub", "jams", "parquet", "webdataset"}


def commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for sub, child in command.commands.items():
            yield from commands(f"{name} {sub}", child)


ALL = dict(pair for name, program in PROGRAMS.items() for pair in commands(name, program))


def shows_an_example(name: str) -> bool:
    """All but groups, and the recipes of known tasks, two of which their group shows."""
    if isinstance(ALL[name], click.Group) or name in WITHOUT_EXAMPLE:
        return False
    return not name.startswith("msbench tasks make ") or name.rpartition(" ")[2] in OWN_TASKS


def help_of(name: str) -> str:
    result = CliRunner().invoke(ALL[name], ["--help"], prog_name=name, terminal_width=80)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("name", ALL)
def test_help_is_laid_out_and_not_cut(name: str) -> None:
    text = help_of(name)
    assert "\\b" not in text
    before, _, listed = text.partition("\nCommands:\n")
    assert before
    assert not [line for line in listed.splitlines() if line.endswith("...")]


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_explained(name: str) -> None:
    options = [p for p in ALL[name].params if isinstance(p, click.Option)]
    assert not [option.name for option in options if not option.help]


@pytest.mark.parametrize("name", [*filter(shows_an_example, ALL)])
def test_there_is_an_example(name: str) -> None:
    shown = [line.strip() for line in help_of(name).splitlines()]
    program = name.partition(" ")[0]
    assert any(line.startswith(("Example:", "Examples:")) for line in shown)
    assert any(f"{program} " in line and "Usage:" not in line for line in shown)
