"""The programs ``mspretrain`` (also ``python -m pretrain``, for torchrun) and ``msssl-hear``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssl_common.program import run_program

if TYPE_CHECKING:
    import click


def mspretrain() -> None:
    """Run ``mspretrain``."""

    def load() -> click.Command:
        from pretrain.cli import main

        return main

    run_program("mspretrain", load)


def msssl_hear() -> None:
    """Run ``msssl-hear``."""

    def load() -> click.Command:
        from pretrain.cli.export import main

        return main

    run_program("msssl-hear", load)


if __name__ == "__main__":
    mspretrain()
