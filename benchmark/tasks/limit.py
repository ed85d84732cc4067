"""A share of every split, for a first look: so many clips, in the proportions of the labels.

The choice depends on nothing but the label file, so that it is the same for every module, on every
machine and in every run.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TypeVar

T = TypeVar("T")


def limited(
    clips: Mapping[str, T], labels: Mapping[str, Collection[str]], limit: int
) -> dict[str, T]:
    """At most ``limit`` clips of a split, stratified by label, in the order that they have.

    Systematic sampling: clips are sorted by their set of labels, and at random (by a hash of their
    names) within one; every n-th is taken. So each set of labels gets its share of the limit,
    rounded up or down. A label whose share is less than one clip first gets one, while there is
    room.

    Args:
        clips: By file name.
        labels: Which labels each clip has, however often; none is a stratum, too.
        limit: At least 1.

    Source: W. G. Cochran, Sampling Techniques, 3rd ed., chapter 8 (systematic sampling).
    """
    if len(clips) <= limit:
        return dict(clips)
    at_random = sorted(clips, key=lambda clip: hashlib.sha256(clip.encode()).digest())
    chosen = _of_rare_labels(at_random, labels, limit)
    strata = sorted(
        (clip for clip in at_random if clip not in chosen),
        key=lambda clip: sorted(set(labels[clip])),
    )
    rest = limit - len(chosen)
    # The middles of equal stretches.
    chosen |= {strata[(2 * i + 1) * len(strata) // (2 * rest)] for i in range(rest)}
    return {clip: content for clip, content in clips.items() if clip in chosen}


def _of_rare_labels(
    at_random: list[str], labels: Mapping[str, Collection[str]], limit: int
) -> set[str]:
    """A clip of each label that has less than one in ``limit``, the rarest label first."""
    counts = Counter(label for clip in at_random for label in set(labels[clip]))
    rare = sorted(
        (label for label in counts if counts[label] * limit < len(at_random)),
        key=lambda label: (counts[label], label),
    )
    chosen: set[str] = set()
    for label in rare:
        having = [clip for clip in at_random if label in labels[clip]]
        if len(chosen) < limit and chosen.isdisjoint(having):
            chosen.add(having[0])
    return chosen
