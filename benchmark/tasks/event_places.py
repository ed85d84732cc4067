"""Whether the events of a split can be heard in its clips at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from benchmark.events.table import Event

LAST_FRAME: Final = 1.0  # s of a clip behind the middle of its last frame


def all_in_seconds(
    events: Mapping[str, Sequence[Event]], durations: Mapping[str, float]
) -> float | None:
    """The last time, if all times of the split, read as seconds, lie inside their clips.

    In milliseconds they would then all lie in the first thousandth of each clip.

    Args:
        events: Events of each clip, ms.
        durations: Length of each clip of which it is known, in seconds.
    """
    ends = [(e.offset_ms, durations[clip]) for clip in durations for e in events.get(clip, ())]
    inside = all(end <= seconds for end, seconds in ends)
    last = max((end for end, _ in ends), default=0.0)
    return last if inside and last > 0 else None


def refuse_unheard(
    events: Mapping[str, Sequence[Event]], last_frames_ms: Mapping[str, float], where: str
) -> None:
    """Refuse events of which none can be heard: scores would say nothing of the model.

    Args:
        events: As above.
        last_frames_ms: Timestamp of each clip's last frame.
        where: Task and split, for the message.

    Raises:
        ValueError: All times are in seconds, or no event lies in its clip.
    """
    durations = {clip: last / 1000 + LAST_FRAME for clip, last in last_frames_ms.items()}
    if (last := all_in_seconds(events, durations)) is not None:
        raise ValueError(
            f"{where}: every event ends within its clip's length in seconds (the last at "
            f"{last:g}), so the times are seconds: HEAR's are milliseconds, multiply them by 1000."
        )
    places = [(e, 1000 * durations[clip]) for clip in durations for e in events.get(clip, ())]
    if places and all(e.onset_ms >= length or e.offset_ms < 0 for e, length in places):
        clip = next(clip for clip in durations if events.get(clip))
        event, last_ms = events[clip][0], last_frames_ms[clip]
        raise ValueError(
            f"{where}: no event lies in its clip, e.g. {event.label!r} from {event.onset_ms:g} to "
            f"{event.offset_ms:g} ms, where the last frame is at {last_ms:g} ms."
        )
