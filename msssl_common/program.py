"""The outermost layer of every command: how a program starts, is interrupted, and ends."""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import click

INTERRUPTED = 130  # as shells report SIGINT
USAGE = 2
_runs = False


def run_program(name: str, load: Callable[[], click.Command]) -> NoReturn:
    """Run a command, and end with its exit status; whatever happens, with at most one sentence.

    Ctrl-C gives one line and exit status 130, also while the program is still being imported. A
    reader of the output that goes away (``| head``) ends the program without a word.

    Args:
        name: Of the program, for messages.
        load: Imports and returns the command.
    """
    _mend_streams()
    try:
        _check_folder()
        status = load().main(prog_name=name, standalone_mode=False)
    except KeyboardInterrupt:
        _end("Stopped.", INTERRUPTED)
    except BrokenPipeError:
        _end_without_reader()
    except Exception as error:
        _end_by(error)
    sys.exit(status if isinstance(status, int) else 0)


def _mend_streams() -> None:
    """Let output never end a run: closed streams swallow it, narrow encodings escape characters."""
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # closed by >&-
            setattr(sys, stream, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
        reconfigure = getattr(getattr(sys, stream), "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    _own_standard_error()


def _own_standard_error() -> None:
    """Give ``sys.stderr`` a descriptor of its own.

    So that number 2, to which C libraries write by themselves, can lead elsewhere for a moment; see
    `msssl_common.decoder_notes`.
    """
    global _runs
    _runs = True
    try:
        if sys.stderr.fileno() == 2:
            own, encoding = os.dup(2), sys.stderr.encoding
            sys.stderr = os.fdopen(own, "w", 1, encoding, errors="backslashreplace")
    except (OSError, ValueError):  # it is no file
        return


def runs() -> bool:
    """Whether a command is running, not a program of somebody who imports us."""
    return _runs


def _check_folder() -> None:
    try:
        os.getcwd()  # noqa: PTH109 -- pathlib is not imported yet
    except FileNotFoundError:
        _end("The current folder was deleted: change to another one and try again.", USAGE)


def _end_by(error: Exception) -> NoReturn:
    import click

    from msssl_common.messages import say

    if isinstance(error, click.Abort):
        _end("Stopped.", INTERRUPTED)
    if isinstance(error, click.ClickException):
        shown = io.StringIO()
        error.show(shown)
        say(shown.getvalue().rstrip("\n"), err=True)
        sys.exit(error.exit_code)
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        _end_without_reader()
    say("".join(traceback.format_exception(error)), err=True)
    sys.exit(1)


def _end_without_reader() -> NoReturn:
    # Otherwise Python would try to flush the rest at exit, and complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(1)


def _end(sentence: str, status: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(status)
