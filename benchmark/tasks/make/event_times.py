"""Times of events: refuse those that cannot be meant, and trim them with their recording.

Two public HEAR entries scored 0 on event tasks because of seconds given as milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import soundfile

from benchmark.events.table import Event
from benchmark.tasks.make.plan import RawClip


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


EARLY: Final = 0.01  # of a recording: if no event lasts longer than this far, the unit is wrong
ENOUGH: Final = 10  # events from which that can be said


def fit_events(clips: Sequence[RawClip], seconds: float | None) -> tuple[list[RawClip], list[str]]:
    """Trim events to their clips.

    Args:
        clips: Clips with events.
        seconds: Length of every clip; None where clips keep their recording's.

    Returns:
        The clips, and notes on what was trimmed. Recordings that cannot be read stay as they are.

    Raises:
        ValueError: An event starts after its recording's end, or all events are over so early that
            their times must be in seconds and not in milliseconds.
    """
    lengths = {clip: _seconds(clip.source) for clip in clips}
    _check_unit(lengths)
    fitted, trimmed = [], 0
    for clip, length in lengths.items():
        ends = [end for end in (length, seconds) if end is not None]
        events = trim_events(clip.events, min(ends, default=None))
        trimmed += sum(before not in events for before in clip.events)
        fitted.append(replace(clip, events=events))
    notes = [f"{trimmed} events trimmed or dropped at the end of their clips."] if trimmed else []
    return fitted, notes


def _check_unit(lengths: dict[RawClip, float | None]) -> None:
    known = {clip: length for clip, length in lengths.items() if length is not None}
    for clip, length in known.items():
        for event in clip.events:
            if event.onset_ms >= 1000 * length:
                raise ValueError(
                    f"{clip.source} lasts {length:g} s, but an event of {event.label} starts at "
                    f"{event.onset_ms / 1000:g} s: are the times in the unit that you gave?"
                )
    events = sum(len(clip.events) for clip in known)
    early = all(
        event.offset_ms < EARLY * 1000 * length
        for clip, length in known.items()
        for event in clip.events
    )
    if events >= ENOUGH and early:
        raise ValueError(
            f"All {events} events end within the first {EARLY:.0%} of their recordings: their "
            "times must be in seconds, so give --time-unit s."
        )


def _seconds(path: Path) -> float | None:
    try:
        header = soundfile.info(path)
    except (soundfile.LibsndfileError, RuntimeError, OSError):
        return None
    return float(header.frames / header.samplerate)
