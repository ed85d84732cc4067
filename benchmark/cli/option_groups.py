"""Options of a command that belong together, as one argument of its function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any

Command = Callable[..., Any]
Option = Callable[[Command], Command]


def grouped(name: str, kind: type, *options: Option) -> Option:
    """Give a command the values of some options as one dataclass.

    Args:
        name: The argument of the command's function.
        kind: A dataclass; each field is named as the parameter of one of the options.
        *options: Decorators that click made, in the order of the help.
    """

    def decorate(command: Command) -> Command:
        @wraps(command)
        def with_group(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- any command's
            values = {field.name: kwargs.pop(field.name) for field in fields(kind)}
            return command(*args, **kwargs, **{name: kind(**values)})

        wrapped: Command = with_group
        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return decorate
