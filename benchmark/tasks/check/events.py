"""Events that cannot be right: in seconds, outside their clip, or without length."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.events.table import Event
from benchmark.tasks.check.finding import Finding

# HEAR's own labels end up to a frame behind the clip where times were rounded.
TOLERANCE_MS = 1.0


def event_findings(
    split: str, events: Mapping[str, list[Event]], durations: Mapping[str, float]
) -> list[Finding]:
    """Look at a split's events beside the lengths of its clips.

    Args:
        split: The split's name.
        events: Events of each clip, ms.
        durations: Length of each clip of which it is known, in seconds.
    """
    if _in_seconds(events, durations):
        last = max(event.offset_ms for clip in durations for event in events.get(clip, []))
        message = (
            f"{split}.json: every event of the split ends within its clip's length in seconds (the "
            f"last at {last:g}), so the times are seconds: HEAR's are milliseconds, multiply them "
            "by 1000."
        )
        return [Finding("event-in-seconds", message, split)]
    return [
        finding
        for clip, own in events.items()
        for event in own
        if (finding := _misplaced(split, clip, event, durations.get(clip)))
    ]


def _in_seconds(events: Mapping[str, list[Event]], durations: Mapping[str, float]) -> bool:
    """Whether all times of the split, read as seconds, lie inside their clips.

    In milliseconds they would then all lie in the first thousandth of each clip.
    """
    ends = [(e.offset_ms, durations[clip]) for clip in durations for e in events.get(clip, [])]
    return any(end > 0 for end, _ in ends) and all(end <= seconds for end, seconds in ends)


def _misplaced(split: str, clip: str, event: Event, seconds: float | None) -> Finding | None:
    name = f"{split}.json: event {event.label!r} of clip {clip!r}"
    span = f"{event.onset_ms:g} to {event.offset_ms:g} ms"
    length = None if seconds is None else 1000.0 * seconds
    after = length is not None and event.onset_ms >= length
    if event.offset_ms < 0 or after:
        where = "before the clip" if not after else f"behind the clip's end at {length:.0f} ms"
        return Finding("event-outside", f"{name} lies {where}: {span}.", split, clip)
    if event.onset_ms < 0:
        message = f"{name} starts before the clip does: {span}."
        return Finding("event-partly-outside", message, split, clip)
    if length is not None and event.offset_ms > length + TOLERANCE_MS:
        message = f"{name} ends behind the clip's end at {length:.0f} ms: {span}."
        return Finding("event-partly-outside", message, split, clip)
    if event.onset_ms == event.offset_ms:
        message = f"{name} has no length: it starts and ends at {event.onset_ms:g} ms."
        return Finding("zero-length-event", message, split, clip)
    return None
