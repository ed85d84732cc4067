from pathlib import Path

import pytest

from benchmark.tasks.make.plan import RawClip
from benchmark.tasks.make.splits import Splits, Splitting, split_in_path, with_splits


def clips(splits: list[str], groups: list[str] | None = None) -> list[RawClip]:
    return [
        RawClip(
            source=Path(f"{i}.wav"),
            stem=str(i),
            split=split,
            labels=("cat" if i % 2 else "dog",),
            group=None if groups is None else groups[i],
        )
        for i, split in enumerate(splits)
    ]


def names(splits: Splits) -> list[str]:
    return [clip.split for clip in splits.clips]


def test_names_of_splits() -> None:
    splits = with_splits(clips(["Train", "val", "testing", "train"]), Splitting())
    assert names(splits) == ["train", "valid", "test", "train"]
    assert splits.metadata == {"split_mode": "trainvaltest", "splits": ["train", "valid", "test"]}
    assert splits.notes == ()


def test_folds_by_number() -> None:
    splits = with_splits(clips(["fold10", "fold2", "fold1", "fold2"]), Splitting())
    assert names(splits) == ["fold02", "fold01", "fold00", "fold01"]
    assert splits.metadata["split_mode"] == "presplit_kfold"
    assert splits.metadata["nfolds"] == 3
    assert names(with_splits(clips(["1", "2", "3"]), Splitting())) == ["fold00", "fold01", "fold02"]


def test_validation_is_drawn_out_of_training() -> None:
    splits = with_splits(clips(["train"] * 90 + ["test"] * 10), Splitting(shares=(80, 10, 10)))
    assert names(splits)[90:] == ["test"] * 10
    assert names(splits)[:90].count("valid") == 10
    assert names(splits)[:90].count("test") == 0
    assert splits.notes == ("Drawn out of train by label, seed 0: valid.",)


def test_drawn_groups_stay_together() -> None:
    groups = [f"speaker {i % 12}" for i in range(120)]
    for splitting in (Splitting(), Splitting(folds=4)):
        splits = with_splits(clips([""] * 120, groups), splitting)
        by_group = {clip.group: set() for clip in splits.clips}
        for clip in splits.clips:
            by_group[clip.group].add(clip.split)
        assert all(len(found) == 1 for found in by_group.values())
    assert splits.metadata["split_mode"] == "new_split_kfold"
    assert splits.metadata["splits"] == ["fold00", "fold01", "fold02", "fold03"]
    assert [names(splits).count(fold) for fold in splits.metadata["splits"]] == [30] * 4


def test_groups_that_straddle_given_splits_are_told() -> None:
    splits = with_splits(clips(["train", "valid", "test"], ["a", "b", "a"]), Splitting())
    assert splits.notes == ("1 groups are in more than one split, a for one.",)


@pytest.mark.parametrize(
    ("given", "splitting", "message"),
    [
        (["train", ""], Splitting(), "1 of 2 clips have no split"),
        (["train", "unused"], Splitting(), "'Train'|'train'|'unused' is neither"),
        (["1", "2"], Splitting(), "2 folds are too few"),
        (["valid", "test"], Splitting(), "No clip is for training"),
        (["1", "2", "3"], Splitting(folds=5), "do not give --folds"),
        ([""] * 9, Splitting(folds=2), "2 folds are too few"),
    ],
)
def test_splits_that_cannot_be(given: list[str], splitting: Splitting, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        with_splits(clips(given), splitting)


def test_split_in_a_path() -> None:
    assert split_in_path(Path("annotations/validate/a.jams")) == "validate"
    assert split_in_path(Path("audio/fold3/a.jams")) == "fold3"
    assert split_in_path(Path("audio/7/train.jams")) == ""
