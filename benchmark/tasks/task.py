"""A task in HEAR's on-disk format: its metadata, its vocabulary, and which splits make its folds.

The format is that of hear-preprocess (``FinalCombine``), as hear-eval-kit reads it::

    {folder}/task_metadata.json
    {folder}/labelvocabulary.csv
    {folder}/{split}.json
    {folder}/{sample_rate}/{split}/{file}

Labels and audio are not read here (see ``labels.py`` and ``audio.py``).

Source of the folds: heareval.predictions.task_predictions.get_splits_from_metadata and
data_splits_from_folds.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from benchmark.tasks.grids import parameter_grid, postprocessing_grid
from benchmark.tasks.metadata import Metadata, read_vocabulary
from msssl_common.messages import one_printable_line

EmbeddingType = Literal["scene", "event"]
PredictionType = Literal["multiclass", "multilabel"]
SplitMode = Literal["trainvaltest", "new_split_kfold", "presplit_kfold"]
Family = Literal["scene", "event", "pitch"]

EMBEDDING_TYPES: Final[tuple[EmbeddingType, ...]] = ("scene", "event")
PREDICTION_TYPES: Final[tuple[PredictionType, ...]] = ("multiclass", "multilabel")
SPLIT_MODES: Final[tuple[SplitMode, ...]] = ("trainvaltest", "new_split_kfold", "presplit_kfold")

# hear-eval-kit's `available_scores`; those of EVENT_SCORE_NAMES compare events, not rows.
ROW_SCORE_NAMES: Final = ("top1_acc", "pitch_acc", "chroma_acc", "mAP", "d_prime", "aucroc")
EVENT_SCORE_NAMES: Final = (
    "event_onset_200ms_fms",
    "event_onset_50ms_fms",
    "event_onset_offset_50ms_20perc_fms",
    "segment_1s_er",
)
MIN_FOLDS: Final = 3  # one to test, the next to validate, the rest to train


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task as its metadata describes it.

    Attributes:
        folder: The task's folder.
        name: ``task_name`` of the metadata; heads treat ``"dcase2016_task2"`` in its own way.
        full_name: Name of the folder, the task's key in results and caches.
        embedding_type: Whether a clip is one row ("scene") or one row a frame ("event").
        prediction_type: Whether a row has exactly one label or any number.
        split_mode: "trainvaltest", or one of two names for k folds.
        splits: Split names; their order drives HEAR's row order.
        sample_duration: Length of every clip in seconds; None where clips have any length.
        evaluation: Names of the scores; the first selects the model.
        use_scoring_for_early_stopping: False selects by validation loss instead.
        postprocessing_grid: Values to try when frames become events; None for HEAR's own.
        param_grid: The task's own entries in the heads' grid; empty if it has none.
        vocabulary: Label of index 0, 1, ...
        notice: What every table must say about the task, e.g. that it is synthetic.
        limit: Clips of each split that are used, at most (`benchmark.tasks.limit`); None for all.
            Not of the metadata, but of a run.
    """

    folder: Path
    name: str
    full_name: str
    embedding_type: EmbeddingType
    prediction_type: PredictionType
    split_mode: SplitMode
    splits: tuple[str, ...]
    sample_duration: float | None
    evaluation: tuple[str, ...]
    vocabulary: tuple[str, ...]
    use_scoring_for_early_stopping: bool = True
    postprocessing_grid: Mapping[str, Sequence[float]] | None = None
    param_grid: Mapping[str, Sequence[object]]
    notice: str | None = None
    limit: int | None = None

    @property
    def family(self) -> Family:
        """Column group of the leaderboard."""
        if self.embedding_type == "event":
            return "event"
        return "pitch" if "pitch_acc" in self.evaluation else "scene"


def known_scores(embedding_type: EmbeddingType) -> tuple[str, ...]:
    """Names of the scores that a task of such embeddings may ask for."""
    return EVENT_SCORE_NAMES if embedding_type == "event" else ROW_SCORE_NAMES


def seen_name(folder: Path) -> str:
    """The name by which users see a task's folder: a link's own, not that of what it leads to."""
    return Path(os.path.abspath(folder)).name  # noqa: PTH100 -- absolute() keeps "." and ".."


def read_task(folder: Path) -> Task:
    """Read and check a task's metadata and vocabulary.

    Raises:
        FileNotFoundError: The folder, its metadata or its vocabulary is missing.
        ValueError: A key is missing or has a value that HEAR's format does not know.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder: a task is a folder in HEAR's format.")
    metadata = Metadata(folder)
    return Task(
        folder=folder,
        full_name=seen_name(folder),
        vocabulary=read_vocabulary(folder),
        **{field: read(metadata) for field, read in METADATA_FIELDS.items()},
    )


def _embedding_type(metadata: Metadata) -> EmbeddingType:
    return metadata.choice("embedding_type", EMBEDDING_TYPES)


def _split_mode(metadata: Metadata) -> SplitMode:
    return metadata.choice("split_mode", SPLIT_MODES)


def _splits(metadata: Metadata) -> tuple[str, ...]:
    splits = metadata.names("splits")
    split_mode = _split_mode(metadata)
    for split in splits:
        if Path(split).name != split:
            raise ValueError(f"{metadata.path}: split {split!r} is no plain name.")
    if split_mode == "trainvaltest" and set(splits) != {"train", "valid", "test"}:
        raise ValueError(
            f"{metadata.path}: with split_mode 'trainvaltest' key 'splits' must be "
            f"train, valid, test, but is {one_printable_line(', '.join(splits))}."
        )
    if split_mode != "trainvaltest" and len(splits) < MIN_FOLDS:
        raise ValueError(
            f"{metadata.path}: split_mode '{split_mode}' needs at least {MIN_FOLDS} folds "
            f"(test, valid, train), but key 'splits' has {len(splits)}."
        )
    return splits


def _evaluation(metadata: Metadata) -> tuple[str, ...]:
    scores = metadata.names("evaluation")
    embedding_type = _embedding_type(metadata)
    known = known_scores(embedding_type)
    for score in scores:
        if score not in known:
            raise ValueError(
                f"{metadata.path}: key 'evaluation' names the score {score!r}, which a task of "
                f"embedding_type '{embedding_type}' does not have; it has {', '.join(known)}."
            )
    return scores


# Every field of a Task that its metadata tells, and how it is read and checked.
METADATA_FIELDS: Final[Mapping[str, Callable[[Metadata], Any]]] = {
    "name": lambda metadata: metadata.text("task_name"),
    "embedding_type": _embedding_type,
    "prediction_type": lambda metadata: metadata.choice("prediction_type", PREDICTION_TYPES),
    "split_mode": _split_mode,
    "splits": _splits,
    "sample_duration": lambda metadata: metadata.seconds("sample_duration"),
    "evaluation": _evaluation,
    "use_scoring_for_early_stopping": lambda metadata: metadata.flag(
        "use_scoring_for_early_stopping", True
    ),
    "postprocessing_grid": postprocessing_grid,
    "param_grid": parameter_grid,
    "notice": lambda metadata: metadata.optional_text("notice"),
}


@dataclass(frozen=True)
class Fold:
    """Split names of one training.

    Attributes:
        train: Training splits, in the order in which their rows are concatenated.
        valid: Split that selects epoch, hyperparameters and post-processing.
        test: Split that is scored.
    """

    train: tuple[str, ...]
    valid: str
    test: str


def task_folds(task: Task) -> list[Fold]:
    """One fold for train/valid/test; else fold i tests, fold i + 1 validates and the rest trains.

    Raises:
        ValueError: Fewer than three folds, so that none is left to train on.
    """
    if task.split_mode == "trainvaltest":
        return [Fold(("train",), "valid", "test")]
    names = sorted(task.splits)
    if len(names) < MIN_FOLDS:
        raise ValueError(
            f"Task {task.full_name} has {len(names)} folds, but needs three: one to test, "
            "one to validate and at least one to train."
        )
    folds = []
    for i, test in enumerate(names):
        valid = names[(i + 1) % len(names)]
        train = tuple(name for name in names if name not in (test, valid))
        folds.append(Fold(train, valid, test))
    return folds
