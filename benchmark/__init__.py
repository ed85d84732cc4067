"""The HEAR benchmark: tasks, embeddings, shallow heads, scores and leaderboards.

The functions here are the Python API (docs/python_api.md). They are imported when they are used.

Importing this package sets ``OMP_WAIT_POLICY=PASSIVE`` before torch starts its threads: where cores
are shared, spinning OpenMP threads cost several times the work's own time.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.api import evaluate, evaluate_shots, load_results, make_plan, preview
    from benchmark.compare.comparison import compare_results as compare_results
    from benchmark.file_embeddings.embed import embed_files
    from benchmark.protocol import Protocol
    from benchmark.runner.ray.executor import RayExecutor
    from benchmark.tasks.find import find_tasks
    from benchmark.tasks.task import Task

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__all__ = [
    "Protocol",
    "RayExecutor",
    "Task",
    "compare_results",
    "embed_files",
    "evaluate",
    "evaluate_shots",
    "find_tasks",
    "load_results",
    "make_plan",
    "preview",
]

# None of these may bear the name of a submodule: its import would put the module in their place.
_PLACES = {
    "Protocol": ("benchmark.protocol", "Protocol"),
    "RayExecutor": ("benchmark.runner.ray.executor", "RayExecutor"),
    "Task": ("benchmark.tasks.task", "Task"),
    "compare_results": ("benchmark.compare.comparison", "compare_results"),
    "embed_files": ("benchmark.file_embeddings.embed", "embed_files"),
    "evaluate": ("benchmark.api", "evaluate"),
    "evaluate_shots": ("benchmark.api", "evaluate_shots"),
    "find_tasks": ("benchmark.tasks.find", "find_tasks"),
    "load_results": ("benchmark.api", "load_results"),
    "make_plan": ("benchmark.api", "make_plan"),
    "preview": ("benchmark.api", "preview"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- whatever the API has under that name
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(importlib.import_module(module), attribute)
