"""Fixtures for making tasks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmark.cli import main

Make = Callable[..., Result]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The folder that tasks are made in."""
    return tmp_path / "made"


@pytest.fixture
def make(made: Path) -> Make:
    """Run ``msbench tasks make ... --to made`` in this process."""

    def run(*arguments: object) -> Result:
        texts = [str(argument) for argument in arguments]
        return CliRunner().invoke(main, ["tasks", "make", *texts, "--to", str(made)])

    return run
