"""Near duplicates among many clips, by their fingerprints: copies at another level, cuts, codings.

``pretrain.tools.overlap`` finds a second that two folders share, and looks at every word of a
fingerprint. Here clips have half of themselves in common or do not count, so that every eighth
word is enough to find them, which is several times as fast.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pretrain.tools.overlap import (
    BITS,
    DEVIATIONS,
    FEWEST,
    FRAMES_APART,
    MOST_COMMON,
    MOST_WRONG,
    Prints,
)

STEP = 8  # frames between the words that are looked up: 96 ms
VOTES = 2  # words that must agree on how two clips lie on each other
SHARED = 0.5  # part of the shorter clip's frames with sound that lies on sound of the other
MOST_LAG = 1 << 20  # frames, more than a clip has


def near_duplicates(prints: Prints) -> list[tuple[int, int]]:
    """Pairs of clips (later, earlier) that agree over half of the shorter one, sorted.

    Args:
        prints: Fingerprints of the clips, in order.
    """
    votes = [key for byte in range(4) for key in _votes(prints, byte)]
    keys, counts = np.unique(np.concatenate([np.zeros(0, np.int64), *votes]), return_counts=True)
    pairs = set()
    for key in keys[counts >= VOTES].tolist():
        pair, lag = divmod(key, 2 * MOST_LAG)
        later, earlier = divmod(pair, len(prints.names))
        if (later, earlier) not in pairs and _agree(prints, earlier, later, lag - MOST_LAG):
            pairs.add((later, earlier))
    return sorted(pairs)


def _votes(prints: Prints, byte: int) -> Iterator[NDArray[np.int64]]:
    """Of words that agree in the three other bytes: (later clip, earlier clip, lag), as one number.

    Words that are too common to tell anything are passed over.
    """
    mask = np.uint32(0xFFFFFFFF ^ (0xFF << (8 * byte)))
    clips = np.repeat(np.arange(len(prints.names)), np.diff(prints.offsets))
    frames = np.arange(len(prints.words)) - prints.offsets[clips]
    index = np.flatnonzero(prints.loud)
    order = np.argsort(prints.words[index] & mask, kind="stable")
    index = index[order]
    keys = prints.words[index] & mask
    asked = np.flatnonzero(prints.loud & (frames % STEP == 0))
    first = np.searchsorted(keys, prints.words[asked] & mask, side="left")
    count = np.searchsorted(keys, prints.words[asked] & mask, side="right") - first
    count[count > MOST_COMMON] = 0
    for number in range(1, int(count.max(initial=0)) + 1):
        left = count >= number
        here, there = index[first[left] + number - 1], asked[left]
        other = clips[here] != clips[there]
        here, there = here[other], there[other]
        swapped = clips[here] > clips[there]
        a, b = np.where(swapped, there, here), np.where(swapped, here, there)
        pair = clips[b] * len(prints.names) + clips[a]
        yield pair * (2 * MOST_LAG) + (frames[a] - frames[b] + MOST_LAG)


def _agree(prints: Prints, earlier: int, later: int, lag: int) -> bool:
    """Whether a clip's words agree with those of another that begins ``lag`` frames into it."""
    a, a_loud = _words(prints, earlier)
    b, b_loud = _words(prints, later)
    start, end = max(0, lag), min(len(a), len(b) + lag)
    both = a_loud[start:end] & b_loud[start - lag : end - lag]
    frames = int(both.sum())
    if frames < max(FEWEST, SHARED * min(a_loud.sum(), b_loud.sum())):
        return False
    differing = (a[start:end] ^ b[start - lag : end - lag])[both]
    chance = DEVIATIONS * 0.5 / np.sqrt(frames * BITS / FRAMES_APART)  # as in find_overlaps
    wrong = int(np.unpackbits(differing.view(np.uint8)).sum())
    return bool(wrong < min(MOST_WRONG, 0.5 - chance) * BITS * frames)


def _words(prints: Prints, clip: int) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    place = slice(prints.offsets[clip], prints.offsets[clip + 1])
    return prints.words[place], prints.loud[place]
