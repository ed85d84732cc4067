"""Fixtures of the benchmark's tests."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.models.worker.interpreter import Interpreter


@pytest.fixture(autouse=True)
def in_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs load modules into this process: a worker process costs two seconds.

    What a worker does is the subject of the tests that are marked ``own_process``.
    """
    if "own_process" not in request.keywords:
        monkeypatch.setattr(Interpreter, "here", lambda: None)


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, where fake HEAR modules are written and found."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    # Python keeps what is imported: another test may write a module of the same name.
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
