"""The classes of a task: their counts, what no head can learn or be tested on, and chance levels.

The chance level of a score is what an answer without listening gets, as a mean over folds:

* top1_acc, pitch_acc: always the class that is most frequent in training; chroma_acc: the chroma.
* mAP: every clip scored alike; average precision is then a class's share of the clips, which is
  also what random scores tend to. aucroc is 0.5, d_prime 0.
* Scores of events have no such level: an empty answer scores 0 in F, and 1 in an error rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Final

from benchmark.tasks.check.finding import Finding
from benchmark.tasks.check.label_faults import SplitLabels
from benchmark.tasks.metadata import VOCABULARY_FILE
from benchmark.tasks.task import MIN_FOLDS, Fold, Task, task_folds

ClassCounts = dict[str, dict[str, int]]  # by label, then split
RANKING_SCORES = frozenset({"mAP", "aucroc", "d_prime"})  # averages over classes


def class_counts(task: Task, labels: Mapping[str, SplitLabels]) -> ClassCounts:
    """Clips (event tasks: events) of each label in each split."""
    counts = {
        split: Counter(name for names in read.labels.values() for name in names)
        for split, read in labels.items()
    }
    return {
        label: {split: counts[split][label] for split in task.splits} for label in task.vocabulary
    }


def class_findings(task: Task, counts: ClassCounts) -> list[Finding]:
    """Labels that no clip or every clip has, or that are tested and never trained."""
    unused = [label for label, own in counts.items() if not any(own.values())]
    findings = [
        Finding("unused-label", f"{VOCABULARY_FILE}: no clip has the label {label!r}.")
        for label in unused
    ]
    if len(counts) - len(unused) == 1 and task.prediction_type == "multiclass":
        (only,) = counts.keys() - set(unused)
        message = f"All clips have the label {only!r}: every model will seem perfect."
        findings.append(Finding("one-class", message))
    if not has_folds(task):
        return findings
    for fold in task_folds(task):
        for label, own in counts.items():
            trained, tested = any(own[split] for split in fold.train), own[fold.test]
            if tested and not trained:
                message = (
                    f"{fold.test}.json: label {label!r} is to be tested ({tested}), but no example "
                    f"is to train on ({', '.join(fold.train)}): no head can learn it."
                )
                findings.append(Finding("untrained-label", message, fold.test))
            elif trained and not tested and RANKING_SCORES & set(task.evaluation):
                message = (
                    f"{fold.test}.json: label {label!r} has nothing to test, which counts as 0 in "
                    "mAP and makes aucroc and d_prime NaN."
                )
                findings.append(Finding("untested-label", message, fold.test))
    return findings


def has_folds(task: Task) -> bool:
    """Whether the splits that could be read make at least one fold."""
    if task.split_mode == "trainvaltest":
        return {"train", "valid", "test"} <= set(task.splits)
    return len(task.splits) >= MIN_FOLDS


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
