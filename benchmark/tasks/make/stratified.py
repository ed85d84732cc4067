"""Drawing splits so that labels are shared out evenly and groups stay together.

Iterative stratification of K. Sechidis, G. Tsoumakas and I. Vlahavas, "On the Stratification of
Multi-Label Data", ECML PKDD 2011, Algorithm 1, with groups of clips in place of single examples.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Set

from benchmark.tasks.make.plan import Label

Groups = Mapping[str, Counter[Label]]


def draw_stratified(groups: Groups, shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Give every group a split, the rarest labels first, each to the split that lacks it most.

    Unlike there, no split stays empty: the last groups go to splits that have none.

    Args:
        groups: Group -> how many of its clips have each label.
        shares: Split -> its share; only the proportions count.
        seed: Decides among equals, and the order of groups of one size.

    Returns:
        Group -> split.

    Raises:
        ValueError: There are fewer groups than splits.
    """
    if len(groups) < len(shares):
        raise ValueError(
            f"{len(groups)} groups of clips are too few for {len(shares)} splits: a group, such as "
            "a speaker, never straddles two."
        )
    generator = random.Random(seed)
    waiting = sorted(groups)
    generator.shuffle(waiting)
    lacks = _Lacking(groups, shares)
    drawn: dict[str, str] = {}
    while waiting:
        label = _rarest(groups, waiting)
        of_label = [name for name in waiting if label is None or groups[name][label]]
        for name in sorted(of_label, key=lambda name: -groups[name].total()):
            empty = shares.keys() - drawn.values()
            last_chance = len(groups) - len(drawn) <= len(empty)
            drawn[name] = lacks.most(label, empty if last_chance else shares.keys(), generator)
            lacks.give(drawn[name], groups[name])
        waiting = [name for name in waiting if name not in drawn]
    return {name: drawn[name] for name in sorted(drawn)}


def _rarest(groups: Groups, waiting: list[str]) -> Label | None:
    """The label that fewest of the waiting clips have; None if they have none."""
    counts: Counter[Label] = Counter()
    for name in waiting:
        counts.update(groups[name])
    return min(+counts, key=lambda label: (counts[label], str(label)), default=None)


class _Lacking:
    """How many clips, in all and of each label, each split still lacks of its share."""

    def __init__(self, groups: Groups, shares: Mapping[str, float]) -> None:
        labels: Counter[Label] = Counter()
        for counts in groups.values():
            labels.update(counts)
        whole = sum(shares.values())
        self._of_label = {
            split: {label: count * share / whole for label, count in labels.items()}
            for split, share in shares.items()
        }
        clips = sum(_size(counts) for counts in groups.values())
        self._in_all = {split: clips * share / whole for split, share in shares.items()}

    def most(self, label: Label | None, among: Set[str], generator: random.Random) -> str:
        """The split of some that lacks most of a label; among equals, most clips; then any."""
        need = {
            split: (0.0 if label is None else self._of_label[split][label], in_all)
            for split, in_all in self._in_all.items()
            if split in among
        }
        best = max(need.values())
        return generator.choice([split for split in need if need[split] == best])

    def give(self, split: str, counts: Counter[Label]) -> None:
        """Count a group as the split's."""
        self._in_all[split] -= _size(counts)
        for label, count in counts.items():
            self._of_label[split][label] -= count


def _size(counts: Counter[Label]) -> int:
    """Labels of a group's clips, at least one, so that clips without labels are shared out too."""
    return max(1, counts.total())
