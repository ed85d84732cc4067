"""The worker stands alone on old Pythons."""

import ast
import sys

from benchmark.models.worker.process import WORKER


def test_the_worker_is_python_36_with_numpy_alone() -> None:
    source = WORKER.read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 6))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or ".").split(".")[0])
            assert node.module != "__future__"  # annotations came with 3.7
    assert imported - set(sys.stdlib_module_names) == {"numpy"}
    assert "pickle" not in imported
