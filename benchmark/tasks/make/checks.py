"""What a task to be made must have, and what must be said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from benchmark.tasks.make.convert import Converted
from benchmark.tasks.make.plan import Label, RawClip, TaskPlan, sorted_labels

LISTED: Final = 20  # unreadable files named in a message
MAX_UNREADABLE: Final = 0.01  # of the clips; more is a fault of the data set, not of a few files


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
        f"Made from other raw data than HEAR's task ({has} clips, HEAR's: {published}): not "
        "comparable with published scores."
    )


def refuse_vanished(converted: Converted) -> None:
    """Stop where a source was taken away: unlike a damaged one, it can be put back.

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


def refuse_many_unreadable(converted: Converted, clips: int) -> None:
    """Put up with the odd source that cannot be read, but not with more.

    Raises:
        ValueError: More than 1 % of the clips are unreadable; it names them.
    """
    if len(converted.unreadable) <= max(1, MAX_UNREADABLE * clips):
        return
    reasons = list(converted.unreadable.values())
    more = f"; and {len(reasons) - LISTED} more" if len(reasons) > LISTED else ""
    raise ValueError(
        f"{len(reasons)} of {clips} source files cannot be read, too many to leave out: "
        f"{'; '.join(reasons[:LISTED])}{more}."
    )
