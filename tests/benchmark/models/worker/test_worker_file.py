"""The worker stands alone on old Pythons."""

import ast
import sys
from pathlib import Path

import pytest

from benchmark.models.worker.process import WORKER

FILES = sorted(WORKER.parent.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_worker_is_python_36_with_numpy_alone(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"), feature_version=(3, 6))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            assert node.level == 1 and (WORKER.parent / f"{node.module}.py") in FILES
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or ".").split(".")[0])
            assert node.module != "__future__"  # annotations came with 3.7
    assert imported - set(sys.stdlib_module_names) <= {"numpy"}
    assert "pickle" not in imported
