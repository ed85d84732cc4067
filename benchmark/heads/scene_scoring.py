"""The scores of a scene task under published or strict rules."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmark.protocol import Rules
from benchmark.scores import SceneScore, scene_score
from benchmark.scores.accuracy import midi_chroma_acc
from benchmark.tasks.task import Task


def task_scene_score(task: Task, name: str, rules: Rules) -> SceneScore:
    """The score called ``name`` for this task's vocabulary.

    Raises:
        ValueError: There is no such score for scene tasks; or the rules are strict, the score is
            chroma_acc and a label is no MIDI number.
    """
    if name == "chroma_acc" and rules == "strict":
        return partial(midi_chroma_acc, midi=_midi_numbers(task))
    return scene_score(name)


def _midi_numbers(task: Task) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    for label in task.vocabulary:
        if not label.lstrip("-").isdecimal():
            raise ValueError(
                f"Task {task.full_name}: under strict rules chroma_acc needs MIDI numbers as "
                f"labels, but one is {label!r}: correct it, or use the published rules."
            )
    return np.array([int(label) for label in task.vocabulary], np.int64)
