"""Which candidates get into the corpus: no duplicates, nothing of the tasks, sources balanced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pretrain.data.debian.near_duplicates import near_duplicates
from pretrain.data.debian.prepare import Candidate, Prepared
from pretrain.tools.overlap import Prints, find_overlaps

DUPLICATE, NEAR, TASK, CAP = "equal", "near duplicate", "in a task", "over the cap"


@dataclass
class Choice:
    """What became of the candidates.

    Attributes:
        kept: Indices of the candidates that are taken, in order.
        dropped: How many were left out, by reason.
        task_overlaps: A sentence for each overlap with a task's file.
    """

    kept: list[int]
    dropped: Counter[str] = field(default_factory=Counter)
    task_overlaps: list[str] = field(default_factory=list)


def choose(
    candidates: Sequence[Candidate],
    prints: Prints,
    tasks: Prints | None,
    source_hours: float,
    kind_hours: float,
    progress: Callable[[str], None] = lambda sentence: None,
) -> Choice:
    """Choose among the candidates.

    Args:
        candidates: Of all packages, in order: of two duplicates the first stays.
        prints: Their fingerprints; names are indices in decimal.
        tasks: Fingerprints of the tasks' audio, if any is to be kept out.
        source_hours: Most hours of a source in a kind.
        kind_hours: Most hours of a kind.
        progress: Told what is being done.
    """
    out: dict[int, str] = {}
    overlaps: list[str] = []
    if tasks is not None:
        progress("comparing with the tasks")
        for overlap in find_overlaps(prints, tasks):
            candidate = candidates[int(overlap.training)]
            out[int(overlap.training)] = TASK
            name = f"{candidate.package}: {candidate.original}"
            overlaps.append(str(replace(overlap, training=name)))
    progress("looking for duplicates")
    out = _equal(candidates, out)
    for later, earlier in near_duplicates(prints):
        if later not in out and earlier not in out:
            out[later] = NEAR
    left = [i for i in range(len(candidates)) if i not in out]
    kept = _capped(candidates, left, source_hours, kind_hours)
    dropped = Counter(out.values())
    dropped[CAP] = len(left) - len(kept)
    return Choice(kept, dropped, overlaps)


def prints_of(prepared: Sequence[Prepared]) -> Prints:
    """Fingerprints of all candidates; the name of each is its index."""
    words = [array for one in prepared for array in one.words]
    loud = [array for one in prepared for array in one.loud]
    hashes = [candidate.sha256 for one in prepared for candidate in one.candidates]
    return Prints(
        names=tuple(str(i) for i in range(len(words))),
        hashes=tuple(hashes),
        words=np.concatenate([np.zeros(0, np.uint32), *words]),
        loud=np.concatenate([np.zeros(0, np.bool_), *loud]),
        offsets=np.cumsum([0, *(len(array) for array in words)], dtype=np.int64),
        skipped=(),
    )


def _equal(candidates: Sequence[Candidate], out: dict[int, str]) -> dict[int, str]:
    """Adds those whose samples an earlier candidate has that stays."""
    out, seen = dict(out), set()
    for i, candidate in enumerate(candidates):
        if i in out:
            continue
        if candidate.sha256 in seen:
            out[i] = DUPLICATE
        seen.add(candidate.sha256)
    return out


def _capped(
    candidates: Sequence[Candidate], left: list[int], source_hours: float, kind_hours: float
) -> list[int]:
    """Take the first clips of each source, up to a level that fills the kind's hours.

    The level of a kind is the largest, at most ``source_hours``, with which its sources together
    stay within ``kind_hours``: small sources are taken whole, large ones are cut alike.
    """
    hours: dict[tuple[str, str], float] = {}
    for i in left:
        key = candidates[i].kind, candidates[i].package
        hours[key] = hours.get(key, 0.0) + candidates[i].seconds / 3600
    levels = {
        kind: fair_level([h for (k, _), h in hours.items() if k == kind], source_hours, kind_hours)
        for kind in {kind for kind, _ in hours}
    }
    taken: dict[tuple[str, str], float] = {}
    kept = []
    for i in left:
        key = candidates[i].kind, candidates[i].package
        total = taken.get(key, 0.0) + candidates[i].seconds / 3600
        if total <= levels[key[0]]:
            taken[key] = total
            kept.append(i)
    return kept


def fair_level(sources: list[float], source_hours: float, kind_hours: float) -> float:
    """Largest level with sum(min(source, level)) at most the kind's hours."""
    left, number = kind_hours, len(sources)
    for source in sorted(sources):
        if source * number > left:
            return min(source_hours, left / number)
        left, number = left - source, number - 1
    return source_hours
