"""What a task to be made must have, and what must be said of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from benchmark.tasks.make.convert import Converted
from benchmark.tasks.make.plan import Label, RawClip, TaskPlan, sorted_labels

LISTED: Final = 8  # unreadable files named in a message: one sentence that can be read
MOST_BAD: Final = 0.01  # of the clips; more is a fault of the data set, not of a few files


def check_names(clips: Sequence[RawClip]) -> None:
    """Check that no two clips have the same name.

    Raises:
        ValueError: Two have, also where only capitals differ, as some disks do not tell them apart.
    """
    names = Counter(clip.stem.casefold() for clip in clips)
    for name, count in names.items():
        if count > 1:
            same = [clip for clip in clips if clip.stem.casefold() == name]
            sources = ", ".join(str(clip.source) for clip in same)
            raise ValueError(f"{count} files would become the clip {same[0].file}: {sources}.")


def check_splits(plan: TaskPlan, clips: Sequence[RawClip]) -> list[str]:
    """Check that every split has clips, and labels of every kind.

    Returns:
        Notes about labels that a split lacks, where that is no error.

    Raises:
        ValueError: A split is empty, or a label is missing where hear-preprocess wants every one
            (pipeline.py, ``_diagnose_split_labels``), or two clips have the same name.
    """
    check_names(clips)
    labels: dict[str, set[Label]] = {split: set() for split in plan.splits}
    for clip in clips:
        labels[clip.split].update(clip.all_labels)
    notes = []
    for split, present in labels.items():
        if not any(clip.split == split for clip in clips):
            raise ValueError(f"{plan.folder_name} would have no clip in split '{split}'.")
        if absent := set.union(*labels.values()) - present:
            text = ", ".join(map(str, sorted_labels(absent)))
            if plan.every_label_everywhere:
                raise ValueError(
                    f"{plan.folder_name} would have no clip of {text} in split '{split}': the raw "
                    "data set is not whole."
                )
            notes.append(f"Split '{split}' has no clip of {text}.")
    return notes


def notice(plan: TaskPlan, clips: Sequence[RawClip]) -> str | None:
    """What tables must say of a task that should be the published one and is not."""
    if plan.expected_clips is None:
        return None
    counts = Counter(clip.split for clip in clips)
    if all(counts[split] == count for split, count in plan.expected_clips.items()):
        return None
    has, published = (
        ", ".join(f"{numbers.get(split, 0)} {split}" for split in plan.splits)
        for numbers in (counts, plan.expected_clips)
    )
    return (
        f"Made from other raw data than the published task ({has} clips, not {published}): not "
        "comparable with published scores."
    )


def missing_sources(clips: Sequence[RawClip]) -> dict[RawClip, str]:
    """Why clips cannot be made whose sources are not there, before any work begins."""
    return {
        clip: f"{clip.source} is missing" + (f" ({clip.listed})" if clip.listed else "")
        for clip in clips
        if not clip.source.exists()
    }


def refuse_vanished(converted: Converted) -> None:
    """Stop where a source was taken away at work: unlike a damaged one, it can be put back.

    Raises:
        FileNotFoundError: A source that could not be read is gone.
    """
    for clip in converted.unreadable:
        if not clip.source.exists():
            folder = clip.source.parent
            gone = clip.source if folder.is_dir() else folder
            raise FileNotFoundError(
                f"{gone} is gone, and clips are made from it: put it back, and run the same "
                "command again to resume."
            )


def refuse_many_bad(bad: Mapping[RawClip, str], clips: int, most: float = MOST_BAD) -> None:
    """Put up with the odd source that is missing or cannot be read, but not with more.

    Args:
        bad: Clip -> what is wrong with its source.
        clips: Number of all clips.
        most: Share of them that may be bad; one may be in any case, unless this is 0.

    Raises:
        ValueError: More are; it names them.
    """
    if len(bad) <= max(1 if most else 0, most * clips):
        return
    missing = sum(not clip.source.exists() for clip in bad)
    reasons = list(bad.values())
    more = f"; and {len(reasons) - LISTED} more" if len(reasons) > LISTED else ""
    percent = math.ceil(1000 * len(bad) / clips) / 10
    raise ValueError(
        f"{len(bad)} of {clips} source files are missing or cannot be read ({missing} missing, "
        f"{len(bad) - missing} unreadable), too many to leave out: {'; '.join(reasons[:LISTED])}"
        f"{more}. Mend them, or leave them out with --bad-files {percent:g}."
    )


def loss_notes(converted: Converted) -> list[str]:
    """What must be said of clips of which one channel of 16 bits does not hold all."""
    lost = list(converted.lost.values())
    more = [f"... and {len(lost) - LISTED} more such clips."] if len(lost) > LISTED else []
    return [f"Not all is kept: {text}." for text in lost[:LISTED]] + more
