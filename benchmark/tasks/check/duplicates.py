"""The same audio more than once, by a hash of the decoded samples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from benchmark.tasks.check.audio import ClipKey
from benchmark.tasks.check.finding import Finding
from benchmark.tasks.check.label_faults import SplitLabels

Place = tuple[str, str]  # split and clip


def duplicate_findings(
    digests: Mapping[ClipKey, bytes], labels: Mapping[str, SplitLabels]
) -> list[Finding]:
    """Find clips whose samples are equal, one finding per set of equal clips.

    A set that reaches into several splits is an error: what is tested was trained on. Sets that are
    the same at several rates are told once.

    Args:
        digests: Hash of each clip's samples; the same file name in another split is another clip.
        labels: Labels by split, to see equal audio with other labels.
    """
    by_digest: defaultdict[tuple[int, bytes], list[Place]] = defaultdict(list)
    for key, digest in digests.items():
        by_digest[key.rate, digest].append((key.split, key.clip))
    # As keys of a dictionary, sets keep their order and come once.
    sets = dict.fromkeys(tuple(places) for places in by_digest.values() if len(places) > 1)
    return [_finding(places, labels) for places in sets]


def _finding(places: tuple[Place, ...], labels: Mapping[str, SplitLabels]) -> Finding:
    files = [f"{split}/{clip}" for split, clip in places]
    own = [sorted(labels[split].labels.get(clip, [])) for split, clip in places]
    same_labels = all(each == own[0] for each in own)
    said = "" if same_labels else f", under other labels ({_several(map(', '.join, own))})"
    split, clip = places[-1]
    message = f"{files[-1]} has the same audio as {_several(files[:-1])}{said}."
    if len({split for split, _ in places}) > 1:
        return Finding("shared-audio", message, split, clip)
    return Finding("repeated-audio" if same_labels else "contradiction", message, split, clip)


def _several(names: Iterable[str]) -> str:
    """Up to three names."""
    shown = list(names)
    rest = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return ", ".join(shown[:3]) + rest
