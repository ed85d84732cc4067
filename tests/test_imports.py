"""Who may import whom, and what nobody may import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("msssl_common", "msssl_hear", "pretrain", "benchmark")
FORBIDDEN = {"torchaudio", "torchvision", "tensorflow", "librosa", "timm"}


def imported(path: Path) -> set[str]:
    """Dotted names of the modules that a file imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_file_imports_what_pins_torch(package):
    for path in sources(package):
        assert not {name.split(".")[0] for name in imported(path)} & FORBIDDEN, path


def test_the_house_is_walked_in_one_direction():
    for path in sources("msssl_hear"):
        assert not {name.split(".")[0] for name in imported(path)} & {"pretrain", "benchmark"}, path
    for path in sources("benchmark"):
        roots = {name.split(".")[0] for name in imported(path)}
        assert "pretrain" not in roots, path
        if "baselines" in path.parts:
            continue
        # The version stands in every result; models come through the HEAR API alone.
        ours = {name for name in imported(path) if name.split(".")[0] == "msssl_hear"}
        assert ours <= {"msssl_hear.version"}, path


def test_using_everything_imports_nothing_forbidden():
    program = (
        "import sys, msssl_hear, pretrain.train, pretrain.panns.train, benchmark.api, "
        "benchmark.cli, benchmark.baselines.cola, benchmark.baselines.panns, benchmark.validator\n"
        f"print(sorted({FORBIDDEN!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
