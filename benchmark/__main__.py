"""The programs ``msbench`` (also ``python -m benchmark``) and ``hear-validator``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssl_common.program import run_program

if TYPE_CHECKING:
    import click


def msbench() -> None:
    """Run ``msbench``."""

    def load() -> click.Command:
        from benchmark.cli import main

        return main

    run_program("msbench", load)


def hear_validator() -> None:
    """Run ``hear-validator``."""

    def load() -> click.Command:
        from benchmark.cli.validate import main

        return main

    run_program("hear-validator", load)


if __name__ == "__main__":
    msbench()
