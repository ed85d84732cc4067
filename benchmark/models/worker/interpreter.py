"""Which interpreter a module runs in: this one, or another as ``--env`` says."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.models.specs import split_spec
from benchmark.models.worker.messages import WorkerModuleError

TIMEOUT_SECONDS = 1800.0  # a module may fetch its weights first; no batch has more than 60 s


@dataclass(frozen=True)
class Interpreter:
    """A Python to start worker processes with.

    Attributes:
        python: Its executable. Not resolved: a virtual environment's is a link, and means more.
        timeout: Longest that one call (import, load_model, a batch of a minute) may take, seconds.
            A longer clip has more, in proportion.
        ours: Whether it is the one that runs the benchmark, with the packages of this process.
    """

    python: Path
    timeout: float = TIMEOUT_SECONDS
    ours: bool = False

    @staticmethod
    def here(timeout: float = TIMEOUT_SECONDS) -> Interpreter:
        """The one that runs this."""
        return Interpreter(Path(sys.executable), timeout, ours=True)

    def check(self) -> None:
        """See that there is such a program.

        Raises:
            WorkerModuleError: There is not.
        """
        if not (self.python.is_file() and os.access(self.python, os.X_OK)):
            raise WorkerModuleError(
                f"There is no Python interpreter at {self.python}; give --env one, e.g. "
                "/path/to/venv/bin/python"
            )


def interpreters(
    modules: Sequence[str], given: Sequence[str], timeout: float = TIMEOUT_SECONDS
) -> dict[str, Interpreter]:
    """Interpreters by module name.

    Args:
        modules: What is to be run: import names, each with ``=CHECKPOINT`` or without.
        given: Each ``PYTHON``, for all of these modules, or ``NAME=PYTHON``, for the module or
            package of that name; the longest name that fits a module counts. A virtual
            environment's folder stands for its ``bin/python``.
        timeout: Longest that one call may take, seconds.

    Raises:
        ValueError: A name that fits no module, two interpreters for the same, or none there.
    """
    chosen: dict[str, str] = {}
    for text in given:
        name, python = _split(text)
        if chosen.setdefault(name, python) != python:
            raise ValueError(
                f"--env names two interpreters for {name or 'every module'}, {chosen[name]} and "
                f"{python}; say which is whose: --env MODULE=PYTHON"
            )
    modules = list(dict.fromkeys(split_spec(spec)[0] for spec in modules))
    fitting = {module: _fitting(module, chosen) for module in modules}
    for name in chosen:
        if name and not any(name in names for names in fitting.values()):
            raise ValueError(f"--env {name}=...: no such module is run, but {', '.join(modules)}")
    found = {}
    for module, names in fitting.items():
        if names:
            found[module] = Interpreter(_python(chosen[max(names, key=len)]), timeout)
            found[module].check()
    return found


def interpreters_of(
    modules: Sequence[str],
    given: Mapping[str, Interpreter | Path | str],
) -> dict[str, Interpreter]:
    """The same for callers in Python.

    Args:
        modules: As above.
        given: By module or package name, or an empty name for all modules: an interpreter, or the
            path of one.
    """
    ready = {name: one for name, one in given.items() if isinstance(one, Interpreter)}
    paths = {name: one for name, one in given.items() if not isinstance(one, Interpreter)}
    found = interpreters(
        modules, [f"{name}={one}" if name else str(one) for name, one in paths.items()]
    )
    return found | ready


def _split(text: str) -> tuple[str, str]:
    """Module name, empty for all, and interpreter; a path may have an = in it."""
    name, equals, python = text.partition("=")
    if equals and all(part.isidentifier() for part in name.split(".")):
        return name, python
    return "", text


def _fitting(module: str, names: Iterable[str]) -> list[str]:
    """The names that are the module's or a package's that it is in; the empty one is of all."""
    return [name for name in names if not name or f"{module}.".startswith(f"{name}.")]


def _python(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    return path / "bin" / "python" if path.is_dir() else path
