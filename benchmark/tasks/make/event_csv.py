"""A strong-label CSV: columns file, onset, offset, label and perhaps split or fold, and group.

A row with a file only says that it is a recording without events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from benchmark.events.table import Event
from benchmark.tasks.make.audio_index import AudioIndex
from benchmark.tasks.make.drawn_splits import Splitting
from benchmark.tasks.make.event_times import fit_events
from benchmark.tasks.make.label_csv import by_file, clips_of
from benchmark.tasks.make.own_task import OwnTask, plan_own
from benchmark.tasks.make.plan import TaskPlan
from benchmark.tasks.make.table import Row, read_table

TimeUnit = Literal["s", "ms"]
MILLISECONDS: Final[Mapping[TimeUnit, float]] = {"s": 1000.0, "ms": 1.0}


def event_plan(
    table: Path,
    roots: list[Path],
    task: OwnTask,
    splitting: Splitting,
    columns: Mapping[str, str],
    unit: TimeUnit,
) -> TaskPlan:
    """Plan a task.

    Args:
        table: The CSV.
        roots: Folders with the audio.
        task: What was decided of the task.
        splitting: How to draw splits, if the CSV has none.
        columns: Meaning -> name of a column, where it is not the meaning.
        unit: Unit of the times.

    Raises:
        FileNotFoundError: There is no such CSV.
        ValueError: The CSV is wrong in a way that its message says, its times do not fit the
            recordings, or as `plan_own`.
    """
    files = by_file(read_table(table, ("file", "onset", "offset", "label"), columns))
    events = {
        name: tuple(event for row in file.rows if (event := _event(row, unit)) is not None)
        for name, file in files.items()
    }
    clips = clips_of(files, {}, AudioIndex([*roots, table.parent]))
    clips = [replace(clip, events=events[name]) for name, clip in zip(files, clips, strict=True)]
    fitted, notes = fit_events(clips, task.seconds)
    return plan_own(task, fitted, splitting, notes)


def _event(row: Row, unit: TimeUnit) -> Event | None:
    texts = (row["onset"], row["offset"], row["label"])
    if not any(texts):
        return None
    try:
        onset, offset = (float(text) * MILLISECONDS[unit] for text in texts[:2])
    except ValueError:
        raise ValueError(
            f"{row.place}: onset and offset must be numbers, but are {texts[0]!r} and {texts[1]!r}."
        ) from None
    if not texts[2]:
        raise ValueError(f"{row.place} has no label.")
    if not 0 <= onset <= offset < float("inf"):
        raise ValueError(
            f"{row.place}: an event must start at 0 or later and end after that, but this one is "
            f"from {texts[0]} to {texts[1]}."
        )
    return Event(texts[2], onset, offset)
