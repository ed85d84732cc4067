"""What must be said of a score where a test split cannot judge every class, or nothing at all."""

from __future__ import annotations

from benchmark.results.predictions import EventPredictions, ScenePredictions
from benchmark.scores.ranking import two_sided


def undefined_remark(score: str, fold: ScenePredictions | EventPredictions) -> str:
    """Why a split's score is undefined, or which rule filled a gap; empty for most.

    Args:
        score: Name of the score.
        fold: Predictions and labels of the split.

    Returns:
        No capital letter and no full stop, so that task and row can be named before it.
    """
    if isinstance(fold, EventPredictions):
        return _of_events(score, fold)
    if score == "mAP":
        missing = int((~(fold.targets > 0).any(axis=0)).sum())
        rule = "counts 0 in the mean, as scikit-learn and hear-eval-kit have it"
        return _of_classes(fold, missing, "no clip", f"each {rule}") if missing else ""
    if score in ("aucroc", "d_prime"):
        missing = int((~two_sided(fold.targets)).sum())
        lack = "no clips, or all of them"
        return _of_classes(fold, missing, lack, f"{score} is undefined") if missing else ""
    return ""


def _of_classes(fold: ScenePredictions, missing: int, lack: str, so: str) -> str:
    classes = f"{missing} of {fold.targets.shape[1]} classes"
    has = "has" if missing == 1 else "have"
    return f"in the split {fold.fold} {classes} {has} {lack}: {so}"


def _of_events(score: str, fold: EventPredictions) -> str:
    if not len(fold.reference):
        return f"the split {fold.fold} has no events: {score} is undefined"
    if not len(fold.predicted) and score != "segment_1s_er":
        return (
            f"no event is predicted in the split {fold.fold}: {score} is undefined, as sed_eval "
            "and hear-eval-kit have it"
        )
    return ""
