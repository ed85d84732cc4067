"""Other interpreters for tests: this one again, and a virtual environment without our package."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.models.worker.interpreter import Interpreter
from tests.benchmark.fake_modules import write_module
from tests.benchmark.models.worker.fake_tensorflow import MODULE, write_tensorflow


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def other_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain virtual environment: torch and numpy by links to ours, msssl-hear not installed."""
    folder = tmp_path_factory.mktemp("other")
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", "--without-pip", str(folder)], check=True)
    libraries = dict.fromkeys(Path(p.__file__).parents[1] for p in (np, torch))
    site = next(folder.glob("lib/python*/site-packages"))
    for library in libraries:
        for path in library.iterdir():
            # Not the .pth files: an editable installation of ours is one.
            if path.suffix != ".pth" and not path.name.startswith(("__editable__", "msssl")):
                link = site / path.name
                if not link.exists():
                    link.symlink_to(path)
    return folder / "bin" / "python"


@pytest.fixture
def foreign() -> Iterator:
    """Loads a module in this interpreter again, and ends it after the test."""
    with ExitStack() as stack:

        def load(
            spec: str, python: Path | str = sys.executable, timeout: float = 120
        ) -> HearModule:
            hear = load_hear_module(spec, "cpu", Interpreter(Path(python), timeout))
            stack.callback(hear.close)
            return hear

        yield load


@pytest.fixture
def write(modules: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Writes a module for a TensorFlow that is a stub and starts at once; see `write_module`."""
    write_tensorflow(modules)
    monkeypatch.setenv("PYTHONPATH", str(modules))  # before one that is installed

    def write(**parts: str) -> str:
        return write_module(modules, **{"source": MODULE, **parts})

    return write
