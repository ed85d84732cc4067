"""Build a planned task: whole or not at all, resuming an earlier attempt.

Metadata, vocabulary and label files are written as hear-preprocess writes them.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from benchmark.tasks.make.checks import (
    LISTED,
    MOST_BAD,
    check_splits,
    loss_notes,
    missing_sources,
    notice,
    refuse_many_bad,
    refuse_vanished,
)
from benchmark.tasks.make.convert import Converted, Progress, convert
from benchmark.tasks.make.place import (
    lock_path,
    locked,
    part_folder,
    refuse_existing,
    remove_lock,
    scratch_folder,
    tidy,
)
from benchmark.tasks.make.plan import Label, RawClip, TaskPlan, sorted_labels
from benchmark.tasks.make.sources import Sources
from benchmark.tasks.metadata import METADATA_FILE, VOCABULARY_FILE
from msssl_common.console import bar, byte_bar
from msssl_common.files import check_writable, rename_durably, write_text
from msssl_common.messages import one_printable_line


def write_texts(plan: TaskPlan, clips: Sequence[RawClip], notice: str | None, folder: Path) -> None:
    """Write everything but the audio.

    Args:
        plan: The task.
        clips: Its clips, less those that could not be read.
        notice: What every table must say about the task, if anything.
        folder: The task's folder.
    """
    content = {**plan.metadata, **({} if notice is None else {"notice": notice})}
    write_text(folder / METADATA_FILE, _json(content))
    write_text(folder / VOCABULARY_FILE, vocabulary_csv(clips, plan.vocabulary))
    for split in plan.splits:
        labels = {clip.file: label_entry(clip, plan) for clip in clips if clip.split == split}
        write_text(folder / f"{split}.json", _json(dict(sorted(labels.items()))))


def vocabulary_csv(clips: Sequence[RawClip], also: Sequence[Label] = ()) -> str:
    """The labels that occur in any split, sorted (pipeline.py, ``MetadataVocabulary``).

    Args:
        clips: The clips.
        also: Labels to have even if no clip has them.
    """
    labels = sorted_labels({label for clip in clips for label in clip.all_labels} | set(also))
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("idx", "label"))
    rows.writerows(enumerate(labels))
    return text.getvalue()


def label_entry(clip: RawClip, plan: TaskPlan) -> list[Any]:
    """A clip's entry of ``{split}.json`` (pipeline.py, ``SubcorpusMetadata``).

    hear-preprocess leaves a clip's events in shuffled order, which nothing depends on; here they
    are sorted by time.
    """
    if plan.metadata["embedding_type"] == "scene":
        return list(clip.labels)
    ordered = sorted(clip.events, key=lambda event: (event.onset_ms, event.offset_ms, event.label))
    return [{"label": e.label, "start": e.onset_ms, "end": e.offset_ms} for e in ordered]


def _json(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=True)


@dataclass(frozen=True)
class Built:
    """A finished task folder.

    Attributes:
        folder: The folder.
        clips: The clips in it.
        bad: What is wrong with each source that is missing or unreadable and was left out.
        notes: What the user should know.
    """

    folder: Path
    clips: tuple[RawClip, ...]
    bad: tuple[str, ...]
    notes: tuple[str, ...]


def build_task(
    plan: TaskPlan,
    tasks_dir: Path,
    rates: tuple[int, ...],
    progress: Progress,
    most_bad: float = MOST_BAD,
) -> Built:
    """Convert a task's audio and write its folder.

    It grows in the hidden folder ``.{name}.part`` and takes its name at the end. After a
    kill, the next call resumes with the clips that are there, if plan and sources are the same.

    Args:
        plan: The task.
        tasks_dir: Folder of tasks.
        rates: Sample rates, Hz.
        progress: Called with clips done and to do.
        most_bad: Share of the clips whose sources may be missing or unreadable; those clips are
            left out.

    Raises:
        FileExistsError: The task is there.
        ValueError: Another process is making it, a split has no clip or lacks labels that it must
            have, or more sources are bad than may be.
    """
    check_splits(plan, plan.clips)
    missing = missing_sources(plan.clips)
    refuse_many_bad(missing, len(plan.clips), most_bad)
    there = replace(plan, clips=tuple(clip for clip in plan.clips if clip not in missing))
    folder = tasks_dir / plan.folder_name
    refuse_existing(folder)
    tasks_dir.mkdir(parents=True, exist_ok=True)
    with locked(lock_path(tasks_dir, plan.folder_name)):
        part = part_folder(plan, rates, folder.with_name(f".{plan.folder_name}.part"))
        converted = convert(there, rates, part, progress)
        refuse_vanished(converted)
        bad = missing | converted.unreadable
        refuse_many_bad(bad, len(plan.clips), most_bad)
        clips = tuple(clip for clip in plan.clips if clip not in bad)
        said = (*plan.notes, *loss_notes(converted))
        notes = (*said, *check_splits(plan, clips), *_upsampled(converted, rates))
        write_texts(plan, clips, notice(plan, clips), part)
        tidy(part)
        refuse_existing(folder)
        rename_durably(part, folder)
    return Built(folder, clips, tuple(bad.values()), notes)


def _upsampled(converted: Converted, rates: tuple[int, ...]) -> list[str]:
    lower = sorted(rate for rate in converted.source_rates if rate < max(rates))
    if not lower:
        return []
    return [
        f"Some sources have {', '.join(map(str, lower))} Hz only: at {max(rates)} Hz their upper "
        "band is empty, as in HEAR's own tasks."
    ]


Planner = Callable[[Sources], TaskPlan]


def make_task(
    name: str,
    planner: Planner,
    sources: Sequence[Path],
    tasks_dir: Path,
    rates: tuple[int, ...],
    console: Console,
    most_bad: float = MOST_BAD,
) -> Built:
    """Make a task, and print what it is like.

    Archives are unpacked into a hidden folder beside the task; it stays for the next attempt if
    this one fails, and goes with the finished task.

    Args:
        name: Name of the task folder.
        planner: Says what becomes of the raw data.
        sources: Folders and archives of raw data.
        tasks_dir: Folder of tasks.
        rates: Sample rates to write, Hz.
        console: Where to print.
        most_bad: Share of the clips whose sources may be missing or unreadable.

    Raises:
        FileNotFoundError: A source, or something in it, is missing.
        FileExistsError: The task is there.
        OSError: The folder of tasks cannot be written to.
        ValueError: The raw data or an option is wrong, as the message says.
    """
    scratch = scratch_folder(tasks_dir, name)
    if (tasks_dir / name).exists():  # perhaps of a run that was killed right after it made it
        shutil.rmtree(scratch, ignore_errors=True)
        remove_lock(tasks_dir, name)
    refuse_existing(tasks_dir / name)
    check_writable(tasks_dir)
    plan = planner(Sources(sources, scratch, lambda text: byte_bar(console, text)))
    with bar(console, f"Making {plan.folder_name}") as progress:
        built = build_task(plan, tasks_dir, rates, progress, most_bad)
    shutil.rmtree(scratch, ignore_errors=True)
    _print(console, plan, built)
    return built


def _print(console: Console, plan: TaskPlan, built: Built) -> None:
    def line(text: str) -> None:
        console.print(Text(one_printable_line(text)), soft_wrap=True)

    for reason in built.bad[:LISTED]:
        line(f"Left out: {reason}")
    if built.bad:
        line(f"Left out {len(built.bad)} of {len(plan.clips)} clips: missing or unreadable.")
    for note in built.notes:
        line(note)
    labels = {label for clip in built.clips for label in clip.all_labels}
    splits = ", ".join(
        f"{sum(clip.split == split for clip in built.clips)} {split}" for split in plan.splits
    )
    line(f"{built.folder}: {len(built.clips)} clips of {len(labels)} classes ({splits})")
