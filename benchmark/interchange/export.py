"""``msbench export``: task by task, a line each; one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from benchmark.embeddings.cache import CacheEntry
from benchmark.interchange.export_folder import export_task
from benchmark.models.fingerprint import module_hash, weights_hash
from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.tasks.find import UnreadableTask
from benchmark.tasks.task import Task
from benchmark.tasks.task_hash import task_hash
from benchmark.terminal import bar
from msssl_common.messages import failure_reason


def export_tasks(
    spec: str,
    tasks: Sequence[Task | UnreadableTask],
    out: Path,
    device: str,
    console: Console,
    debug: bool,
) -> int:
    """Export a module's embeddings of tasks and print a line for each; see `export_task`.

    Args:
        spec: The module, ``pkg.module`` or ``pkg.module=CHECKPOINT``.
        tasks: The tasks.
        out: Upstream's ``--embeddings-dir``.
        device: Torch device of the module.
        console: Where to print.
        debug: Whether to print tracebacks.

    Returns:
        Number of tasks that failed; all of them if the module cannot be loaded.
    """

    def say(name: str, outcome: str) -> None:
        console.print(f"{name}  {outcome}", markup=False, soft_wrap=True)

    try:
        hear = load_hear_module(spec, device)
        module = module_hash(hear, weights_hash(hear.model))
    except Exception as error:
        say(spec, f"failed: {failure_reason(error, debug)}")
        return len(tasks)
    failed = 0
    for task in tasks:
        name = f"{spec} {task.full_name}"
        try:
            with bar(console, f"{name}: embedding clips") as advance:
                folder, kept = _export(hear, module, task, out, advance)
            say(name, f"{folder}{' (exported earlier)' if kept else ''}")
        except Exception as error:
            failed += 1
            say(name, f"failed: {failure_reason(error, debug)}")
    return failed


def _export(
    hear: HearModule,
    module: str,
    task: Task | UnreadableTask,
    out: Path,
    advance: Callable[[int, int], None],
) -> tuple[Path, bool]:
    if isinstance(task, UnreadableTask):
        raise ValueError(task.reason)
    about = {"module": hear.spec, "task": task.full_name}
    entry = CacheEntry.of(module, task_hash(task, hear.sample_rate), about)
    return export_task(hear, task, entry, out, advance)
