"""Names of splits and folds as data sets have them, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

ROLES: Final = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("valid", "val", "validation", "validate"), "valid"),
    **dict.fromkeys(("dev", "devel", "development"), "dev"),
    **dict.fromkeys(("eval", "evaluation", "evaluate"), "eval"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
}
BESIDE: Final = frozenset(
    {"clean", "other", "set", "split", "data", "audio", "public", "full", "small", "all", "wav"}
)  # words that a split's name may have beside its role, as in test-clean or train_set
NAMES_KNOWN: Final = (
    "also training, val, validation, testing, dev and eval, each with words as in test-clean"
)
FOLD_NAME: Final = re.compile(
    r"(?:(?:fold|split|cv)[-_ ]?)?(\d{1,9})(?:\.0+)?", re.IGNORECASE
)  # pandas writes whole numbers of a column with gaps as 1.0
FOLD_FOLDER: Final = re.compile(r"(?:fold|split|cv)[-_ ]?\d{1,9}", re.IGNORECASE)


def role(name: str) -> str | None:
    """A split's role by its name: a value of ``ROLES``; None if it has none, or two."""
    words = [word for word in re.split(r"[\W\d_]+", name.lower()) if word]
    roles = {ROLES[word] for word in words if word in ROLES}
    beside = {word for word in words if word not in ROLES}
    for joined in ("trainset", "testset", "validset", "devset", "evalset"):
        if joined in beside:
            beside.discard(joined)
            roles.add(ROLES[joined.removesuffix("set")])
    return roles.pop() if len(roles) == 1 and beside <= BESIDE else None


def named_splits(names: Collection[str]) -> dict[str, str] | None:
    """What each name of a data set's splits means, seen beside the others.

    Beside train, dev is for validation; without, it is what is trained on (as in FSD50K). eval is
    the test; where there is a test, too, it is for validation.

    Returns:
        Name -> "train", "valid" or "test"; None unless every name is one of a split.

    Raises:
        ValueError: A name can mean two things.
    """
    roles = {name: role(name) for name in names}
    present = set(roles.values())
    if None in present:
        return None
    dev = "train" if "train" not in present else "valid"
    evaluation = "test" if "test" not in present else "valid"
    takes = {"train": "train", "valid": "valid", "test": "test", "dev": dev, "eval": evaluation}
    for ours, meaning in (("dev", dev), ("eval", evaluation)):
        rivals = {other for other in present if other != ours and takes[str(other)] == meaning}
        if ours in present and meaning == "valid" and rivals:
            two = ", ".join(sorted(name for name, r in roles.items() if r == ours or r in rivals))
            raise ValueError(
                f"Of the splits {two} only one can be for validation: rename them to train, valid "
                "and test."
            )
    return {name: takes[str(own)] for name, own in roles.items()}


def is_split_name(name: str) -> bool:
    """Whether a name, e.g. of a folder, is one of a split or a fold."""
    return role(name) is not None or bool(FOLD_FOLDER.fullmatch(name))


def split_in_path(path: Path) -> str:
    """The first part of a path that is the name of a split or a fold; empty if none is."""
    return next((part for part in path.parts[:-1] if is_split_name(part)), "")
