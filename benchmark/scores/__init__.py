"""The scores of HEAR by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmark.events.table import EventTable
from benchmark.protocol import Rules
from benchmark.scores.accuracy import (
    chroma_acc,
    midi_chroma_acc,
    midi_numbers,
    pitch_acc,
    top1_acc,
)
from benchmark.scores.event_onset import (
    event_onset_50ms_fms,
    event_onset_200ms_fms,
    event_onset_offset_50ms_20perc_fms,
)
from benchmark.scores.ranking import aucroc, d_prime, mAP
from benchmark.scores.segment import segment_1s_er

SceneScore = Callable[[NDArray[np.float32], NDArray[np.float32]], float]
EventScore = Callable[[EventTable, EventTable], dict[str, float]]

SCENE_SCORES: dict[str, SceneScore] = {
    "top1_acc": top1_acc,
    "pitch_acc": pitch_acc,
    "chroma_acc": chroma_acc,
    "mAP": mAP,
    "d_prime": d_prime,
    "aucroc": aucroc,
}

# The first entry of an event score's result is the score itself.
EVENT_SCORES: dict[str, EventScore] = {
    "event_onset_200ms_fms": event_onset_200ms_fms,
    "event_onset_50ms_fms": event_onset_50ms_fms,
    "event_onset_offset_50ms_20perc_fms": event_onset_offset_50ms_20perc_fms,
    "segment_1s_er": segment_1s_er,
}

MINIMISED = frozenset({"segment_1s_er"})


def scene_score(name: str) -> SceneScore:
    """The score of a scene task called ``name``.

    Raises:
        ValueError: There is no such score for scene tasks.
    """
    if name not in SCENE_SCORES:
        raise ValueError(_no_such_score(name, "scene", "event", tuple(SCENE_SCORES)))
    return SCENE_SCORES[name]


def scene_score_under(name: str, rules: Rules, vocabulary: Sequence[str]) -> SceneScore:
    """The score of a scene task called ``name``; strict rules count octaves in MIDI numbers.

    Args:
        name: Of the score.
        rules: Of the protocol.
        vocabulary: The task's labels.

    Raises:
        ValueError: There is no such score for scene tasks; or the rules are strict, the score is
            chroma_acc and a label is no MIDI number.
    """
    if name == "chroma_acc" and rules == "strict":
        return partial(midi_chroma_acc, midi=midi_numbers(vocabulary))
    return scene_score(name)


def event_score(name: str) -> EventScore:
    """The score of an event task called ``name``.

    Raises:
        ValueError: There is no such score for event tasks.
    """
    if name not in EVENT_SCORES:
        raise ValueError(_no_such_score(name, "event", "scene", tuple(EVENT_SCORES)))
    return EVENT_SCORES[name]


def event_score_parts(name: str, reference: EventTable, predicted: EventTable) -> dict[str, float]:
    """A score of an event task and what it is made of, as cells name them.

    Returns:
        ``{name}``, then ``{name}_f_measure``, ``{name}_precision`` and so on.

    Raises:
        ValueError: There is no such score for event tasks.
    """
    parts = event_score(name)(reference, predicted)
    named = {f"{name}_{part}": value for part, value in parts.items()}
    return {name: next(iter(parts.values())), **named}


def as_logged(name: str, score: float) -> float:
    """A score as Lightning's ``self.log`` keeps it, in validations as in test results.

    A Python float becomes a float32 tensor; heareval's d_prime is a NumPy float64 and stays one.
    """
    return score if name == "d_prime" else float(np.float32(score))


def _no_such_score(name: str, wanted: str, other: str, known: tuple[str, ...]) -> str:
    if name in SCENE_SCORES or name in EVENT_SCORES:
        reason = f"The score {name!r} is one of {other} tasks, not of {wanted} tasks"
    else:
        reason = f"The score {name!r} is unknown"
    return f"{reason}: under evaluation in task_metadata.json use one of {', '.join(known)}."
