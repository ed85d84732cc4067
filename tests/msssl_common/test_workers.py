"""What spawned processes are told to run."""

import sys
from multiprocessing import spawn
from types import ModuleType

import pytest

from msssl_common.workers import main_left_out

MAIN = ("init_main_from_name", "init_main_from_path")


def test_a_program_is_not_run_again_by_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    program = ModuleType("__main__")
    program.__file__ = "/tmp/script.py"
    monkeypatch.setitem(sys.modules, "__main__", program)
    assert any(name in spawn.get_preparation_data("before") for name in MAIN)
    with pytest.raises(KeyError), main_left_out():
        assert not any(name in spawn.get_preparation_data("inside") for name in MAIN)
        raise KeyError
    assert sys.modules["__main__"] is program
