"""What the validator says: progress on stdout, warnings on stderr, a failure as an error."""

from __future__ import annotations

import click


class ValidationError(Exception):
    """A check failed; the message is one sentence for the module's author."""


class ModuleRaisedError(ValidationError):
    """A function of the module raised instead of returning."""


class Report:
    """Prints the validation as it goes and keeps its warnings.

    Attributes:
        warnings: Each warning given so far, in order; one that was given before is not repeated.
    """

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def progress(self, line: str) -> None:
        """Print a line of progress."""
        click.echo(line)

    def warn(self, message: str) -> None:
        """Print a warning, once: something to look at, but scores are what they claim to be."""
        if message not in self.warnings:
            self.warnings.append(message)
            click.echo(f"Warning: {message}", err=True)
