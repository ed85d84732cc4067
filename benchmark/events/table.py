"""Sound events of many clips as columns: what the event scores work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

LATEST_MS: Final = 1e9  # of a time in a clip: 11 days
MOST_SECONDS: Final = 3e7  # of all events of a split together, a year: segment scores count each


class Event(NamedTuple):
    """A sound event in a clip.

    Attributes:
        label: Class name, as in the task's vocabulary.
        onset_ms: Start, ms from the clip's first sample.
        offset_ms: End, ms.
    """

    label: str
    onset_ms: float
    offset_ms: float


@dataclass(frozen=True)
class EventTable:
    """Events of a split, one per row.

    Attributes:
        clip: int64, shape (events,), index into the split's clips.
        label: int64, shape (events,), vocabulary index.
        onset_ms: float64, shape (events,), ms from the clip's first sample.
        offset_ms: float64, shape (events,), ms.
    """

    clip: NDArray[np.int64]
    label: NDArray[np.int64]
    onset_ms: NDArray[np.float64]
    offset_ms: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.clip)


def refuse_endless(
    onset_ms: NDArray[np.float64], offset_ms: NDArray[np.float64], where: object
) -> None:
    """Refuse events that end before they begin, at no time, or after more time than any clip has.

    Args:
        onset_ms: Shape (events,).
        offset_ms: Shape (events,).
        where: What has them; the sentence begins with it.

    Raises:
        ValueError: Some do, or all together are too long to be counted second by second.
    """
    times = np.concatenate([onset_ms, offset_ms])
    wrong = times[~(np.abs(times) <= LATEST_MS)]
    if len(wrong):
        raise ValueError(
            f"{where} has an event at {wrong[0]:g} ms: clips have at most {LATEST_MS:g} ms."
        )
    seconds = float((offset_ms - onset_ms).sum() / 1000)
    if (offset_ms < onset_ms).any() or seconds > MOST_SECONDS:
        raise ValueError(
            f"{where} has events of {seconds:,.0f} s together, or one that ends before it starts: "
            f"at most {MOST_SECONDS:,.0f} s are allowed."
        )


def event_table(
    events: Mapping[str, Sequence[Event]], clips: Sequence[str], vocabulary: Sequence[str]
) -> EventTable:
    """Put the events of ``clips`` in columns; clips that ``events`` lacks have none.

    Raises:
        ValueError: An event's label is not in the vocabulary.
    """
    index = {label: idx for idx, label in enumerate(vocabulary)}
    rows = [
        (number, clip, event) for number, clip in enumerate(clips) for event in events.get(clip, ())
    ]
    for _, clip, event in rows:
        if event.label not in index:
            raise ValueError(
                f"The label {event.label!r} of an event in clip {clip!r} is not in the task's "
                "vocabulary: add it to labelvocabulary.csv or correct the label."
            )
    return EventTable(
        clip=np.array([number for number, _, _ in rows], dtype=np.int64),
        label=np.array([index[event.label] for _, _, event in rows], dtype=np.int64),
        onset_ms=np.array([event.onset_ms for _, _, event in rows], dtype=np.float64),
        offset_ms=np.array([event.offset_ms for _, _, event in rows], dtype=np.float64),
    )


def events_by_clip(
    table: EventTable, clips: Sequence[str], vocabulary: Sequence[str]
) -> dict[str, list[Event]]:
    """The inverse of `event_table`: every clip has its list, in the table's row order."""
    events: dict[str, list[Event]] = {clip: [] for clip in clips}
    columns = (table.clip, table.label, table.onset_ms, table.offset_ms)
    for clip, label, onset, offset in zip(*(column.tolist() for column in columns), strict=True):
        events[clips[clip]].append(Event(vocabulary[label], onset, offset))
    return events
