"""Embeddings to measure with where none are named: the embedded suite's, by the logmel baseline."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from benchmark.chosen_tasks import tasks_of
from benchmark.heareval.export_folder import export_tasks

MODULE = "benchmark.baselines.logmel"


@contextmanager
def embedded_folders(console: Console) -> Iterator[list[Path]]:
    """Folders in hear-eval-kit's format, one per embedded task, deleted afterwards.

    Raises:
        ValueError: A task could not be embedded.
    """
    with tempfile.TemporaryDirectory() as place:
        out = Path(place)
        if export_tasks(MODULE, tasks_of(None, console), out, "cpu", console, debug=False):
            raise ValueError(f"The embedded tasks could not be embedded by {MODULE}; see above.")
        yield sorted(out.glob("*/*"))
