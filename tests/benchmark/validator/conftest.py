import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from benchmark.validator import validate

Validate = Callable[[ModuleType], list[str]]


@pytest.fixture
def warnings_of(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Validate:
    """Validates a module; gives its warnings less the fixed one, or raises ValidationError."""

    def run(module: ModuleType) -> list[str]:
        monkeypatch.setitem(sys.modules, module.__name__, module)
        try:
            validate(module.__name__, "", "cpu")
        finally:
            said = capsys.readouterr()
        assert said.out.endswith("Looks good!\n")
        lines = [line.removeprefix("Warning: ") for line in said.err.splitlines()]
        return [line for line in lines if not line.startswith("IMPORTANT")]

    return run
