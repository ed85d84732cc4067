"""Which modules make a table: those asked for, baselines by short name, and the floors."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence

OURS = "msssl_hear"
BASELINES = "benchmark.baselines"
FLOORS = (f"{BASELINES}.logmel", f"{BASELINES}.random")  # every table needs its floor


def baseline_names() -> list[str]:
    """Short names of the bundled baselines; nothing of them is imported."""
    package = __import__(BASELINES, fromlist=["__path__"])
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def row_specs(modules: Sequence[str], baselines: Sequence[str], floor: bool = True) -> list[str]:
    """Module specs of a table's rows, each once.

    Args:
        modules: Import names, each with ``=CHECKPOINT`` or without; ours if empty.
        baselines: Short names of bundled baselines, each with ``=CHECKPOINT`` or without.
        floor: Whether to add the floors: log-mel statistics and the untrained encoder.

    Raises:
        ValueError: A baseline that does not exist.
    """
    known = baseline_names()
    for baseline in baselines:
        if baseline.partition("=")[0] not in known:
            raise ValueError(f"No baseline named {baseline!r}; there are {', '.join(known)}")
    specs = [*(modules or [OURS]), *(f"{BASELINES}.{name}" for name in baselines)]
    if floor:
        specs += FLOORS
    return list(dict.fromkeys(specs))
