"""What trains and judges the heads of one fold, prepared once for all of its trainings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from benchmark.heads.lazy_rows import StoredEmbeddings
from benchmark.heads.monitor import Selection, selection
from benchmark.heads.rows import Rows, Split, rows_of
from benchmark.heads.shots import check_enough, few_clips
from benchmark.protocol import Protocol
from benchmark.tasks.task import Fold, PredictionType, Task


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


def fold_splits(
    task: Task, splits: Mapping[str, Split], fold: Fold, protocol: Protocol
) -> tuple[list[Split], Split]:
    """What a fold trains on and what it validates on: whole splits, or the protocol's few shots."""
    train, valid = [splits[name] for name in fold.train], splits[fold.valid]
    if protocol.shots is None:
        return train, valid
    shots, seed = protocol.shots, protocol.seed
    check_enough(task, train, shots)
    return [few_clips(task, train, shots, seed)], few_clips(task, [valid], shots, seed)


def fold_data(task: Task, splits: Mapping[str, Split], fold: Fold, protocol: Protocol) -> FoldData:
    """Prepare a fold; the rules decide how the monitor chooses the post-processing."""
    train, valid = fold_splits(task, splits, fold, protocol)
    return FoldData(
        fold=fold,
        rows=rows_of(task, train),
        classes=len(task.vocabulary),
        prediction_type=task.prediction_type,
        validation=StoredEmbeddings([valid.embeddings]),
        selection=selection(task, valid, protocol.rules),
    )
