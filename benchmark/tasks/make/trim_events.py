"""Events of a recording that is trimmed to a shorter length."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.events.table import Event


def trim_events(events: Iterable[Event], seconds: float | None) -> tuple[Event, ...]:
    """Drop events that start after the end of the clip, and end those that outlast it there.

    hear-preprocess, pipeline.py, ``ExtractMetadata.trim_event_metadata``.

    Args:
        events: Events of the recording, times in ms.
        seconds: Length of the clip; None leaves the events alone.
    """
    if seconds is None:
        return tuple(events)
    end = seconds * 1000.0
    return tuple(
        event._replace(offset_ms=min(event.offset_ms, end))
        for event in events
        if event.onset_ms < end
    )
