import sys
from pathlib import Path

import pytest

from benchmark.models.worker.interpreter import interpreters


@pytest.fixture
def pythons(tmp_path: Path) -> tuple[str, str]:
    for name in ("a=1", "b"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin" / "python").symlink_to(sys.executable)
    return str(tmp_path / "a=1" / "bin" / "python"), str(tmp_path / "b" / "bin" / "python")


def test_one_for_all_and_one_for_each(pythons: tuple[str, str]) -> None:
    a, b = pythons

    def found(modules: list[str], *given: str) -> dict[str, str]:
        return {name: str(i.python) for name, i in interpreters(modules, given).items()}

    assert found(["x", "y=w.pt", "y"], a) == {"x": a, "y": a}
    assert found(["x", "y=w.pt"], f"y={b}") == {"y": b}
    assert found(["x", "y"], a, f"y={b}") == {"x": a, "y": b}
    assert found(["p", "p.tf.naive", "pp"], f"p={a}") == {"p": a, "p.tf.naive": a}
    assert found(["p", "p.tf.naive"], f"p.tf={b}", f"p={a}") == {"p": a, "p.tf.naive": b}
    assert found(["x"], str(Path(b).parents[1])) == {"x": b}  # a virtual environment's folder
    assert found(["x"]) == {}


def test_what_cannot_be_meant(pythons: tuple[str, str]) -> None:
    a, b = pythons
    with pytest.raises(ValueError, match=r"--env z=\.\.\.: no such module is run, but x, y"):
        interpreters(["x", "y"], [f"z={a}"])
    with pytest.raises(ValueError, match="two interpreters for every module"):
        interpreters(["x"], [a, b])
    with pytest.raises(ValueError, match="two interpreters for x"):
        interpreters(["x"], [f"x={a}", f"x={b}"])
    with pytest.raises(ValueError, match="no Python interpreter at /nowhere/python"):
        interpreters(["x"], ["/nowhere/python"])
