"""What trains and judges the heads of one fold, prepared once for all of its trainings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from benchmark.heads.lazy_rows import StoredEmbeddings
from benchmark.heads.monitor import Selection, selection
from benchmark.heads.outputs import PredictionType
from benchmark.heads.rows import Rows, Split, rows_of
from benchmark.protocol import Rules
from benchmark.tasks.task import Fold, Task


@dataclass(frozen=True)
class FoldData:
    """One fold as its trainings see it.

    Attributes:
        fold: Its splits.
        rows: Training rows.
        classes: Number of outputs.
        prediction_type: Kind of task.
        validation: Embeddings of the validation split, shape (rows, size).
        selection: Judges a head's logits for them.
    """

    fold: Fold
    rows: Rows
    classes: int
    prediction_type: PredictionType
    validation: Tensor | StoredEmbeddings
    selection: Selection

    @property
    def size(self) -> int:
        """Embedding size."""
        return self.rows.embeddings.shape[1]


def fold_data(task: Task, splits: Mapping[str, Split], fold: Fold, rules: Rules) -> FoldData:
    """Prepare a fold; ``rules`` decide how the monitor chooses the post-processing."""
    valid = splits[fold.valid]
    return FoldData(
        fold=fold,
        rows=rows_of(task, [splits[name] for name in fold.train]),
        classes=len(task.vocabulary),
        prediction_type=task.prediction_type,
        validation=StoredEmbeddings([valid.embeddings]),
        selection=selection(task, valid, rules),
    )
