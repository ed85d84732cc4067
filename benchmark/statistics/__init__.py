"""How sure a leaderboard can be: intervals, paired tests, tie groups and overall scores.

Everything rests on resampled test clips (`bootstrap_task`); heads are not trained again. What is
said is therefore "would other clips of the same kind tell the same?". What other trainings would
tell is said where rows of several training seeds make a group (`training_seeds`).
"""

from benchmark.statistics.bootstrap import (
    Interval,
    Replicates,
    bootstrap_task,
    percentile_interval,
    resamples_for,
)
from benchmark.statistics.cell_scores import cell_fold_scores
from benchmark.statistics.event_scores import event_fold_score
from benchmark.statistics.fold_score import FoldScore
from benchmark.statistics.overall import Overall, overall_scores
from benchmark.statistics.paired import (
    Comparisons,
    RankRange,
    compare_models,
    rank_ranges,
    tie_groups,
)
from benchmark.statistics.scene_scores import scene_fold_score

__all__ = [
    "Comparisons",
    "FoldScore",
    "Interval",
    "Overall",
    "RankRange",
    "Replicates",
    "bootstrap_task",
    "cell_fold_scores",
    "compare_models",
    "event_fold_score",
    "overall_scores",
    "percentile_interval",
    "rank_ranges",
    "resamples_for",
    "scene_fold_score",
    "tie_groups",
]
