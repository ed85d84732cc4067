"""Which candidates get into the corpus: no duplicates, nothing of the tasks, sources balanced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pretrain.data.debian.prepare import Candidate, Prepared
from pretrain.tools.overlap import BITS, HOP_SECONDS, MOST_WRONG, Overlap, Prints, find_overlaps

AT_ONCE = 2000  # clips compared with all others at once
SHARED = 0.5  # part of the shorter clip that near duplicates have in common
DUPLICATE, NEAR, TASK, CAP = "equal", "near duplicate", "in a task", "over the cap"


@dataclass
class Choice:
    """What became of the candidates.

    Attributes:
        kept: Indices of the candidates that are taken, in order.
        dropped: How many were left out, by reason.
        task_overlaps: The overlaps with tasks, for the record.
    """

    kept: list[int]
    dropped: Counter[str] = field(default_factory=Counter)
    task_overlaps: list[Overlap] = field(default_factory=list)


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
    overlaps: list[Overlap] = []
    if tasks is not None:
        progress("comparing with the tasks")
        overlaps = find_overlaps(prints, tasks)
        out |= {int(overlap.training): TASK for overlap in overlaps}
    progress("looking for duplicates")
    out = _equal(candidates, out)
    for later, earlier in _near(prints, progress):
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


def _near(prints: Prints, progress: Callable[[str], None]) -> list[tuple[int, int]]:
    """Pairs of near duplicates (later, earlier), sorted."""
    pairs = set()
    count = len(prints.names)
    for first in range(0, count, AT_ONCE):
        last = min(first + AT_ONCE, count)
        for overlap in find_overlaps(_between(prints, 0, last), _between(prints, first, last)):
            earlier, later = int(overlap.training), int(overlap.task)
            if earlier < later and not overlap.exact and _much_in_common(prints, overlap):
                pairs.add((later, earlier))
        progress(f"compared {last:,} of {count:,} clips with each other")
    return sorted(pairs)


def _much_in_common(prints: Prints, overlap: Overlap) -> bool:
    """Whether two clips agree over half of the shorter one, laid as they match best."""
    a, a_loud = _words(prints, int(overlap.training))
    b, b_loud = _words(prints, int(overlap.task))
    shift = round((overlap.training_seconds - overlap.task_seconds) / HOP_SECONDS)
    start, end = max(0, shift), min(len(a), len(b) + shift)
    both = a_loud[start:end] & b_loud[start - shift : end - shift]
    if both.sum() < SHARED * min(a_loud.sum(), b_loud.sum()):
        return False
    differing = (a[start:end] ^ b[start - shift : end - shift])[both]
    return int(np.unpackbits(differing.view(np.uint8)).sum()) < MOST_WRONG * BITS * len(differing)


def _words(prints: Prints, index: int) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    place = slice(prints.offsets[index], prints.offsets[index + 1])
    return prints.words[place], prints.loud[place]


def _between(prints: Prints, first: int, last: int) -> Prints:
    """The fingerprints of the clips ``first`` to ``last - 1``."""
    start, end = prints.offsets[first], prints.offsets[last]
    return Prints(
        names=prints.names[first:last],
        hashes=prints.hashes[first:last],
        words=prints.words[start:end],
        loud=prints.loud[start:end],
        offsets=prints.offsets[first : last + 1] - start,
        skipped=(),
    )


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
        kind: _level([h for (k, _), h in hours.items() if k == kind], source_hours, kind_hours)
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


def _level(sources: list[float], source_hours: float, kind_hours: float) -> float:
    """Largest level with sum(min(source, level)) at most the kind's hours."""
    left, number = kind_hours, len(sources)
    for source in sorted(sources):
        if source * number > left:
            return min(source_hours, left / number)
        left, number = left - source, number - 1
    return source_hours
