"""How often each class comes in each split, and classes that a split lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from benchmark.tasks.check.finding import Finding
from benchmark.tasks.check.label_faults import SplitLabels
from benchmark.tasks.folds import task_folds
from benchmark.tasks.task import MIN_FOLDS, Task
from benchmark.tasks.vocabulary import VOCABULARY_FILE

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
    """Labels that no clip has, or that are tested and never trained."""
    unused = [label for label, own in counts.items() if not any(own.values())]
    findings = [
        Finding("unused-label", f"{VOCABULARY_FILE}: no clip has the label {label!r}.")
        for label in unused
    ]
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
