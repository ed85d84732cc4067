"""Every command that a page shows has the subcommands and options that the page gives it."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from benchmark.cli import main as msbench
from benchmark.cli.validate import main as hear_validator
from pretrain.cli import main as mspretrain
from pretrain.cli.export import main as msssl_hear
from tests.test_docs import PAGES

PROGRAMS: dict[str, click.Command] = {
    "msbench": msbench,
    "mspretrain": mspretrain,
    "hear-validator": hear_validator,
    "msssl-hear": msssl_hear,
}
BLOCK = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def commands(page: str) -> Iterator[list[str]]:
    """The words of each command of ours in a page's shell blocks, from its program's name on."""
    for block in BLOCK.findall(page):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            for place, word in enumerate(words):
                if Path(word).name in PROGRAMS:
                    yield [Path(word).name, *words[place + 1 :]]
                    break


def unknown_words(program: str, *words: str) -> list[str]:
    """Options and subcommands that a command does not have."""
    command, unknown = PROGRAMS[program], []
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            found = command.get_command(click.Context(command), word)
            if found is None:
                return [word]
            command = found
        elif re.match(r"--?[a-zA-Z]", word):
            names = [name for one in command.params for name in (*one.opts, *one.secondary_opts)]
            if word.partition("=")[0] not in (*names, "-h", "--help", "--version"):
                unknown.append(word)
    return unknown


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_on_pages_have_the_options_that_they_are_given(path: Path) -> None:
    for words in commands(path.read_text("utf-8")):
        assert unknown_words(*words) == [], shlex.join(words)


def test_what_does_not_exist_is_found() -> None:
    page = "```sh\n.venv/bin/msbench run my_module \\\n  --grid-points 1 --seed 4\n```\n"
    (words,) = commands(page)
    assert unknown_words(*words) == ["--grid-points"]
    assert unknown_words("msbench", "rum", "--seed", "4") == ["rum"]
    assert unknown_words("mspretrain", "run", "--recipe", "multi", "--resume") == []
