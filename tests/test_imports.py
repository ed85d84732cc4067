"""Who may import whom: one table. And what nobody may import."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests import ROOT

PACKAGES = ("msssl_common", "msssl_hear", "pretrain", "benchmark")
STANDS_ALONE = ROOT / "benchmark/models/worker/inside"  # it is imported under another name
FORBIDDEN = {"torchaudio", "torchvision", "tensorflow", "librosa", "timm"}

# What each part may import beside itself. A new folder needs a row. The parts of `benchmark` are
# its folders and its modules; they are named without `benchmark.` on the right.
ALLOWED = {
    "msssl_common": "",
    "msssl_hear": "",
    "benchmark.protocol": "",
    "benchmark.validator": "msssl_common models",
    "benchmark.models": "msssl_common",
    "benchmark.baselines": "msssl_common msssl_hear",
    "benchmark.adapters": "msssl_common",  # HEAR modules, no harness, as the baselines
    "benchmark.events": "protocol",
    "benchmark.scores": "protocol events",
    "benchmark.tasks": "msssl_common events",
    "benchmark.embeddings": "msssl_common models tasks events",
    "benchmark.file_embeddings": "msssl_common models tasks embeddings",
    "benchmark.results": "msssl_common protocol scores events",
    "benchmark.heads": "msssl_common protocol scores events tasks embeddings",
    "benchmark.statistics": "protocol scores events results",
    "benchmark.report": (
        "msssl_common protocol scores events tasks models results statistics baselines"
    ),
    "benchmark.runner": "msssl_common protocol events tasks models embeddings heads results",
    "benchmark.compare": "msssl_common protocol results report statistics",
    "benchmark.api": "msssl_common tasks models protocol results report runner",
    "benchmark.heareval": "msssl_common protocol events tasks models embeddings heads runner",
    "benchmark.speed": "msssl_common protocol events scores tasks heads runner heareval",
    # the Python API, which is imported on use
    "benchmark": "api compare file_embeddings protocol runner tasks",
    "benchmark.cli": (
        "msssl_common protocol models tasks embeddings file_embeddings results runner report "
        "compare heareval speed validator api"
    ),
    "benchmark.__main__": "msssl_common cli",
    "pretrain": "msssl_common msssl_hear baselines",  # baselines: the stand-in for PANNs
}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path) for package in PACKAGES for path in sources(package)}


def imported(path: Path) -> Iterator[str]:
    """Dotted names of the modules that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, path
            if node.level:
                assert path.parent == STANDS_ALONE, f"{path}: imports are absolute here"
                yield f"{dotted(path.parent / '__init__.py')}.{node.module}"
                continue
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in MODULES else node.module


def part_of(module: str) -> str:
    """The row of the table that a module of ours belongs to."""
    names = module.split(".")
    return ".".join(names[:2]) if names[0] == "benchmark" else names[0]


def allowed(part: str) -> set[str]:
    """The parts that a part may import, by their rows' names."""
    names = ALLOWED[part].split()
    return {name if name in ALLOWED else f"benchmark.{name}" for name in names}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_file_imports_what_pins_torch(package: str) -> None:
    for path in sources(package):
        assert not {name.split(".")[0] for name in imported(path)} & FORBIDDEN, path


def test_the_table_names_every_part_and_no_other() -> None:
    assert set(ALLOWED) == {part_of(module) for module in MODULES}
    assert set().union(*(allowed(part) for part in ALLOWED)) <= set(ALLOWED)


def test_the_table_has_no_circle() -> None:
    order = list(TopologicalSorter({part: allowed(part) for part in ALLOWED}).static_order())
    assert len(order) == len(ALLOWED)


@pytest.mark.parametrize("part", ALLOWED)
def test_a_part_imports_what_its_row_allows(part: str) -> None:
    for package in PACKAGES:
        for path in sources(package):
            if part_of(dotted(path)) != part:
                continue
            ours = {name for name in imported(path) if name.split(".")[0] in PACKAGES}
            for name in ours - {"msssl_hear.version"}:  # the version stands in every result
                assert part_of(name) in {part, *allowed(part)}, f"{path} imports {name}"


def test_only_the_stand_in_for_panns_connects_pretrain_with_the_baselines() -> None:
    for path in sources("pretrain"):
        if any(name.startswith("benchmark") for name in imported(path)):
            assert "panns" in path.parts, path


def test_the_root_of_benchmark_holds_few_files() -> None:
    assert len(list((ROOT / "benchmark").glob("*.py"))) <= 6


def test_using_everything_imports_nothing_forbidden() -> None:
    program = (
        "import sys, msssl_hear, pretrain.train, pretrain.panns.train, benchmark.api, "
        "benchmark.cli, benchmark.baselines.cola, benchmark.baselines.panns, benchmark.validator\n"
        f"print(sorted({FORBIDDEN!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_loading_bundled_weights_imports_no_compiler() -> None:
    """Torch imports it for some operations on "meta": 1.5 s and 70 MB for every worker."""
    program = (
        "import sys, msssl_hear, benchmark.baselines.cola, benchmark.baselines.panns\n"
        "for module in (msssl_hear, benchmark.baselines.cola, benchmark.baselines.panns):\n"
        "    module.load_model()\n"
        "print(sorted({'sympy', 'torch._dynamo', 'torch._inductor'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
