"""Sound events: frame labels, event tables, and events from frame probabilities."""

from benchmark.events.frame_targets import frame_targets
from benchmark.events.frames import ClipFrames, clip_frames
from benchmark.events.postprocessing import Postprocessing, events_from_frames
from benchmark.events.table import EventTable, event_table, events_by_clip

__all__ = [
    "ClipFrames",
    "EventTable",
    "Postprocessing",
    "clip_frames",
    "event_table",
    "events_by_clip",
    "events_from_frames",
    "frame_targets",
]
