"""Which modules make a table: those asked for, baselines by short name, and the floors.

A checkpoint of an adapter (`benchmark.adapters`) may stand for several rows: ``?layer=all``.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

OURS = "msssl_hear"
BASELINES = "benchmark.baselines"
ADAPTERS = "benchmark.adapters"
LONGEST_LABEL = 60  # characters
FLOORS = (f"{BASELINES}.logmel", f"{BASELINES}.random")  # every table needs its floor


def baseline_names() -> list[str]:
    """Short names of the bundled baselines; nothing of them is imported."""
    package = __import__(BASELINES, fromlist=["__path__"])
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def split_spec(spec: str) -> tuple[str, str]:
    """Module name and checkpoint of ``MODULE`` or ``MODULE=CHECKPOINT``; a path may have an =."""
    name, _, checkpoint = spec.partition("=")
    return name, checkpoint


def split_label(spec: str) -> tuple[str | None, str]:
    """Label (None if there is none) and spec of ``LABEL:=MODULE`` or ``LABEL:=MODULE=CHECKPOINT``.

    Raises:
        ValueError: A label that no table can show.
    """
    found = re.match(r"([^=]*):=(.*)", spec, re.DOTALL)  # an = before it begins a checkpoint
    if found is None:
        return None, spec
    label, module = found[1].strip(), found[2]
    if not label.isprintable() or not 0 < len(label) <= LONGEST_LABEL:
        raise ValueError(
            f"The row label {label[: LONGEST_LABEL + 1]!r} in LABEL:=MODULE must have 1 to "
            f"{LONGEST_LABEL} printable characters"
        )
    return label, module


def row_labels(modules: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Specs without their labels, and the labels by spec of the row.

    Where a spec stands for several rows (``?layer=all``), what tells them apart follows the label.

    Raises:
        ValueError: Two rows of one label, or two labels for one row.
    """
    specs: list[str] = []
    labels: dict[str, str] = {}
    for module in modules:
        label, spec = split_label(module)
        specs.append(spec)
        if label is None:
            continue
        rows = _rows_of(spec)
        for row in rows:
            own = label if len(rows) == 1 else f"{label} {row.rpartition('?')[2]}"
            if own in labels.values():
                raise ValueError(f"Two rows have the label {own!r}: give each its own")
            if row in labels:
                raise ValueError(f"{row} has two labels, {labels[row]!r} and {own!r}: choose one")
            labels[row] = own
    return specs, labels


def check_modules(modules: Iterable[str]) -> None:
    """Refuse a misspelt module before any work begins.

    Only the first part of a name is looked up: to look up the rest, Python would import the
    package.

    Args:
        modules: Import names that this interpreter runs, each with ``=CHECKPOINT`` or without.

    Raises:
        ValueError: A module that is not there.
    """
    for spec in modules:
        root = split_spec(spec)[0].partition(".")[0]
        if root in sys.modules or not root.isidentifier():  # the second is named when it is loaded
            continue
        here = PathFinder.find_spec(root, [*sys.path, str(Path.cwd())])
        if here is None and importlib.util.find_spec(root) is None:  # editable packages, built-ins
            raise ValueError(f"No module named {root!r} is installed or in the current folder")


def check_baselines(baselines: Sequence[str]) -> None:
    """Refuse a baseline that does not exist.

    Raises:
        ValueError: There is none of that name; it says which there are.
    """
    known = baseline_names()
    for baseline in baselines:
        if split_spec(baseline)[0] not in known:
            raise ValueError(f"No baseline named {baseline!r}; there are {', '.join(known)}")


def row_specs(modules: Sequence[str], baselines: Sequence[str], floor: bool = True) -> list[str]:
    """Module specs of a table's rows, each once.

    Args:
        modules: Import names, each with ``=CHECKPOINT`` or without; ours if empty.
        baselines: Short names of bundled baselines, each with ``=CHECKPOINT`` or without.
        floor: Whether to add the floors: log-mel statistics and the untrained encoder.

    Raises:
        ValueError: A baseline that does not exist.
    """
    check_baselines(baselines)
    asked = [row for spec in modules for row in _rows_of(spec)]
    specs = [*(asked or [OURS]), *(f"{BASELINES}.{name}" for name in baselines)]
    if floor:
        specs += FLOORS
    return list(dict.fromkeys(specs))


def _rows_of(spec: str) -> list[str]:
    """The rows that a spec stands for: of an adapter, what its ``checkpoints`` says.

    Where it cannot say, its ``load_model`` will say why, in the row's cells.
    """
    name, checkpoint = split_spec(spec)
    if not name.startswith(f"{ADAPTERS}."):
        return [spec]
    try:
        rows: list[str] = importlib.import_module(name).checkpoints(checkpoint)
    except (ImportError, OSError, ValueError):
        return [spec]
    return [f"{name}={row}" for row in rows]
