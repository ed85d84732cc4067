"""Scene scores for the bootstrap: hits of each clip, or probabilities to be ranked again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.scores.accuracy import chroma_hits, class_hits
from benchmark.statistics.fold_score import FoldScore, ratio_of_sums
from benchmark.statistics.ranking_scores import RANKING_SCORES, ranking_score


def scene_fold_score(
    name: str,
    clips: Sequence[str],
    probabilities: NDArray[np.float32],
    targets: NDArray[np.float32],
    chroma: NDArray[np.int64] | None = None,
) -> FoldScore:
    """The score called ``name`` of one test split of a scene task.

    Args:
        name: A key of `benchmark.scores.SCENE_SCORES`.
        clips: File names of the rows.
        probabilities: Shape (clips, classes).
        targets: Multi-hot, shape (clips, classes).
        chroma: Pitch class of each vocabulary index, shape (classes,), for chroma_acc under strict
            rules; None counts octaves in indices, as the published rules do.

    Raises:
        ValueError: Shapes do not fit, a probability is NaN, or there is no such score.
    """
    if probabilities.shape != targets.shape or len(targets) != len(clips) or targets.ndim != 2:
        raise ValueError(
            f"Predictions of shape {probabilities.shape} and targets of shape {targets.shape} do "
            f"not fit {len(clips)} clips: both must be (clips, classes)."
        )
    if np.isnan(probabilities).any():
        clip = clips[int(np.isnan(probabilities).any(axis=1).argmax())]
        raise ValueError(f"The prediction for clip {clip!r} is NaN: run the task again.")
    if name in RANKING_SCORES:
        return FoldScore(tuple(clips), ranking_score(name, probabilities, targets))
    if name in ("top1_acc", "pitch_acc"):
        hits = class_hits(probabilities, targets)
    elif name == "chroma_acc":
        hits = chroma_hits(probabilities, targets, chroma)
    else:
        raise ValueError(f"The score {name!r} is not one of scene tasks: nothing to resample.")
    return FoldScore(tuple(clips), ratio_of_sums(hits.astype(np.float64), np.ones(len(hits))))
