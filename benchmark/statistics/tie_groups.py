"""Ranks that say no more than the tests do.

A model's rank is 1 + the number of models that are significantly better; models of equal rank are
a tie group. Its last possible rank is the number of models - the number of significantly worse
ones. As Holm bounds all errors together, all these ranges hold at once with 95 % confidence
(Mogstad, Romano, Shaikh and Wilhelm, "Inference for ranks with applications to mobility across
neighbourhoods and academic achievement across countries", Review of Economic Studies 91, 2024).

"Not significantly different" is not transitive: A may beat C while B ties with both. Then A and B
have rank 1 (nobody beats them) and C has rank 2 (A does), so a group says "beaten by equally many",
not "all equal"; the ranges 1-2, 1-3, 2-3 and `Comparisons.adjusted` tell the rest. Where a score is
much less certain than its neighbours', it may even share a better rank than a slightly higher one.
"""

from __future__ import annotations

from typing import NamedTuple

from benchmark.statistics.paired import Comparisons


class RankRange(NamedTuple):
    """Ranks that a model may have, from 1; equal where all is decided."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


def rank_ranges(comparisons: Comparisons) -> dict[str, RankRange]:
    """The rank range of every model, in their order."""
    better = comparisons.better
    size = len(comparisons.models)
    return {
        model: RankRange(1 + int(better[:, row].sum()), size - int(better[row].sum()))
        for row, model in enumerate(comparisons.models)
    }


def tie_groups(comparisons: Comparisons) -> dict[int, list[str]]:
    """Models by rank, the best first."""
    groups: dict[int, list[str]] = {}
    for model, ranks in rank_ranges(comparisons).items():
        groups.setdefault(ranks.first, []).append(model)
    return dict(sorted(groups.items()))
