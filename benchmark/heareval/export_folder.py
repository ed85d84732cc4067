"""``msbench export``: write a task's embeddings as heareval.predictions.runner reads them.

The folder is ``{out}/{module}{-checkpoint}/{task}``. Upstream's own name leaves the checkpoint out,
so that the embeddings of two checkpoints would share a folder. A task that fails does not stop the
others.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from rich.console import Console

from benchmark.embeddings.cache import CacheEntry
from benchmark.embeddings.embed import TaskEmbeddings, embed_task
from benchmark.embeddings.splits import EventSplit, SceneSplit
from benchmark.heareval.embedding_folder import write_raw_embeddings
from benchmark.heareval.row_files import (
    FrameTimes,
    frame_labels,
    write_frame_times,
    write_row_labels,
)
from benchmark.models.fingerprint import module_hash, weights_hash
from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.models.worker.interpreter import Interpreter
from benchmark.runner.provenance import versions
from benchmark.tasks.find import UnreadableTask
from benchmark.tasks.metadata import METADATA_FILE, VOCABULARY_FILE, read_json_object
from benchmark.tasks.task import Task
from benchmark.tasks.task_hash import task_hash
from msssl_common.console import bar
from msssl_common.files import check_writable, new_folder, write_text, writing
from msssl_common.messages import reason_for_cell

DONE: Final = ".done.embeddings"  # upstream skips a task's folder that has it
PROFILE: Final = "profile.embeddings.json"
OURS: Final = "msbench"  # the key of the profile that upstream does not write
LONGEST_SLUG: Final = 120  # characters; file systems allow a name 255 bytes


def export_task(
    hear: HearModule,
    task: Task,
    entry: CacheEntry,
    out: Path,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, bool]:
    """Embed a task, or take it from the cache, and write hear-eval-kit's folder.

    The folder appears when it is complete. The embeddings are copied a chunk at a time.

    Args:
        hear: The module.
        task: The task.
        entry: Where the cache keeps this module's embeddings of this task.
        out: Upstream's ``--embeddings-dir``.
        on_progress: Called with the clips embedded and the clips in all.

    Returns:
        The folder, and whether an earlier export of the same embeddings had written it.

    Raises:
        FileExistsError: The folder is there and holds something else.
        ValueError: One sentence about the clip, label or module at fault.
    """
    folder = out / module_folder(hear) / task.full_name
    about = {"module": hear.spec, "embeddings": entry.folder.name}
    if folder.exists():
        _check_same(folder, about)
        return folder, True
    check_writable(folder.parent)
    embedded = embed_task(hear, task, entry, on_progress)
    with new_folder(folder) as part, writing(folder):
        _write_folder(part, folder, task, embedded)
        _write_profile(part, hear.device, embedded.seconds, about)
    return folder, False


def module_folder(hear: HearModule) -> str:
    """Name of a module's folder: upstream's, and the checkpoint where one was given."""
    if not hear.model_path:
        return hear.module_name
    slug = re.sub(r"[\W_]+", "-", hear.model_path.lower()).strip("-")
    return f"{hear.module_name}-{slug[-LONGEST_SLUG:]}"


def _check_same(folder: Path, about: Mapping[str, str]) -> None:
    try:
        found = read_json_object(folder / PROFILE, "how it was made").get(OURS)
    except (OSError, ValueError):
        found = None
    known = found if isinstance(found, dict) else {}
    if not (folder / DONE).exists() or known.get("embeddings") != about["embeddings"]:
        raise FileExistsError(
            f"{folder} is there already and holds other embeddings than those of {about['module']}:"
            " remove it or export to another --out."
        )


def _write_folder(part: Path, folder: Path, task: Task, embedded: TaskEmbeddings) -> None:
    """Write everything that predictions need into ``part``, which will become ``folder``."""
    for name in (METADATA_FILE, VOCABULARY_FILE):
        shutil.copyfile(task.folder / name, part / name)
    for name, split in embedded.splits.items():
        shutil.copyfile(task.folder / f"{name}.json", part / f"{name}.json")
        write_raw_embeddings(part, name, split.embeddings)
        labels = read_json_object(part / f"{name}.json", f"the labels of split '{name}'")
        if isinstance(split, SceneSplit):
            write_row_labels(part, name, [labels[clip] for clip in split.clips])
        else:
            _write_frames(part, folder, task, split, labels)


def _write_frames(
    part: Path, folder: Path, task: Task, split: EventSplit, labels: Mapping[str, list[Any]]
) -> None:
    # Labels are whole numbers in some tasks, and then upstream's are, too.
    own = {str(event["label"]): event["label"] for events in labels.values() for event in events}
    vocabulary = [own.get(label, label) for label in task.vocabulary]
    write_row_labels(part, split.name, frame_labels(split.targets, vocabulary))
    frames = FrameTimes(split.clips, split.frames_per_clip, split.timestamps_ms)
    write_frame_times(part, split.name, f"{folder}/{split.name}/", frames)


def _write_profile(part: Path, device: str, seconds: float, about: Mapping[str, str]) -> None:
    cuda = torch.device(device).type == "cuda"
    profile = {
        "time_elapsed": seconds,
        "gpu_max_mem": None,
        "gpu_device_name": torch.cuda.get_device_name(device) if cuda else "cpu",
        OURS: {**about, "versions": versions()},
    }
    write_text(part / PROFILE, json.dumps(profile, indent=4))
    (part / DONE).touch()


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
        hear = load_hear_module(spec, device, Interpreter.here())
        module = module_hash(hear, weights_hash(hear.model))
    except Exception as error:
        say(spec, f"failed: {reason_for_cell(error, debug)}")
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
            say(name, f"failed: {reason_for_cell(error, debug)}")
    hear.close()
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
