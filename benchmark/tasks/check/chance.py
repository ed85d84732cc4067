"""What each score is worth to one who does not listen.

* top1_acc, pitch_acc: always the class that is most frequent in training; chroma_acc: the chroma.
* mAP: every clip scored alike; average precision is then a class's share of the clips, which is
  also what random scores tend to. aucroc is 0.5, d_prime 0.
* Scores of events have no such level: nothing said is worth 0 in F, and 1 in an error rate.

Means over folds, as of the scores themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Final

from benchmark.tasks.check.classes import has_folds
from benchmark.tasks.check.label_faults import SplitLabels
from benchmark.tasks.folds import Fold, task_folds
from benchmark.tasks.task import Task

OCTAVE: Final = 12  # semitones, of which upstream takes one an index


def chance_levels(task: Task, labels: Mapping[str, SplitLabels]) -> dict[str, float | None]:
    """Chance level of every score of the task; None where none can be stated."""
    if task.embedding_type == "event" or not has_folds(task) or not task.vocabulary:
        return dict.fromkeys(task.evaluation)
    column = {label: index for index, label in enumerate(task.vocabulary)}
    targets = {
        split: [[column[name] for name in names] for names in read.labels.values()]
        for split, read in labels.items()
    }
    folds = [fold for fold in task_folds(task) if targets[fold.test]]
    if not folds:
        return dict.fromkeys(task.evaluation)
    return {
        score: fmean(_level(score, fold, targets, len(column)) for fold in folds)
        for score in task.evaluation
    }


Targets = Mapping[str, Sequence[Sequence[int]]]  # by split: indices of each clip's labels


def _level(score: str, fold: Fold, targets: Targets, classes: int) -> float:
    tested = targets[fold.test]
    if score == "aucroc":
        return 0.5
    if score == "d_prime":
        return 0.0
    if score == "mAP":
        return sum(len(set(clip)) for clip in tested) / len(tested) / classes
    octave = OCTAVE if score == "chroma_acc" else classes
    trained = Counter(
        _first(clip) % octave for split in fold.train for clip in targets[split] if clip
    )
    # Of equally frequent classes the first, as argmax would have it.
    usual = min(trained, key=lambda index: (-trained[index], index), default=0)
    return sum(_first(clip) % octave == usual for clip in tested) / len(tested)


def _first(clip: Sequence[int]) -> int:
    """The one label that accuracy looks at: ``argmax`` of a multi-hot row."""
    return min(clip, default=0)
