"""What a generator of an embedded task hands to the writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmark.tasks.embedded.signal import Signal

SPLITS: Final = ("train", "valid", "test")
CLIP_GRID: Final = {
    "hidden_dim": [256],
    "batch_size": [64],
    "patience": [5],
    "max_epochs": [60],
    "check_val_every_n_epoch": [3],
}
"""Hyperparameters of a task with a row a clip, some hundred rows in all."""

LICENCE: Final = "CC0-1.0"
NOTICE: Final = "Synthetic, made by msssl-hear itself: comparable with no published number."


@dataclass(frozen=True)
class MadeClip:
    """One clip.

    Attributes:
        file: File name within its split.
        audio: Samples in [-1, 1], shape (samples,).
        labels: The clip's entry in ``{split}.json``: label names, or events with times in ms.
    """

    file: str
    audio: Signal
    labels: list[str] | list[dict[str, Any]]


@dataclass(frozen=True)
class Recipe:
    """How to make one task.

    Attributes:
        folder: Name of the task's folder, ``{name}-{version}-{mode}``.
        embedding_type: "scene" or "event".
        prediction_type: "multiclass" or "multilabel".
        seconds: Length of every clip.
        evaluation: Names of the scores; the first selects the model.
        vocabulary: Label of index 0, 1, ...
        clips: Number of clips of each split.
        param_grid: Hyperparameters of the heads that replace the grid's own, as HEAR lets a task
            do: HEAR's are made for tasks a hundred times larger, where a batch of 1024 clips is
            not the whole training split.
        sha256: The made task's ``task_hash``, the same on every platform; None: not known.
        make_clip: Makes clip number ``index`` of a split; a module's function, so that another
            process can be told to call it.
    """

    folder: str
    embedding_type: str
    prediction_type: str
    seconds: float
    evaluation: tuple[str, ...]
    vocabulary: tuple[str, ...]
    clips: Mapping[str, int]
    param_grid: Mapping[str, list[int]]
    sha256: str | None
    make_clip: Callable[[str, int], MadeClip]

    def metadata(self) -> dict[str, object]:
        """Content of ``task_metadata.json``."""
        name, version, mode = self.folder.split("-")
        return {
            "task_name": name,
            "version": version,
            "mode": mode,
            "notice": NOTICE,
            "license": LICENCE,
            "embedding_type": self.embedding_type,
            "prediction_type": self.prediction_type,
            "split_mode": "trainvaltest",
            "splits": list(SPLITS),
            "sample_duration": self.seconds,
            "evaluation": list(self.evaluation),
            "evaluation_params": {"task_specific_param_grid": dict(self.param_grid)},
        }
