import random
from collections import Counter
from pathlib import Path

import pytest

from benchmark.tasks.make.plan import RawClip
from benchmark.tasks.make.split_names import split_in_path
from benchmark.tasks.make.splits import Splits, Splitting, with_splits


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
    assert splits.notes == (
        "Drawn out of train by label, seed 0: valid. So train became 80 train, 10 valid.",
    )


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["train", "dev", "test"], ["train", "valid", "test"]),
        (["train", "dev", "eval"], ["train", "valid", "test"]),
        (["train", "eval", "test"], ["train", "valid", "test"]),
        (["train-clean-100", "dev-clean", "test-other"], ["train", "valid", "test"]),
        (["Training", "Validation", "Evaluation"], ["train", "valid", "test"]),
        (["train_set", "validationset", "testset"], None),
        (["trainset", "validset", "testset"], ["train", "valid", "test"]),
        (["1.0", "2.0", "10.0"], ["fold00", "fold01", "fold02"]),
        (["cv_1", "cv_2", "cv_3"], ["fold00", "fold01", "fold02"]),
    ],
)
def test_names_that_data_sets_use(given: list[str], wanted: list[str] | None) -> None:
    if wanted is None:
        with pytest.raises(ValueError, match=r"is neither train, valid or test \(also training"):
            with_splits(clips(given), Splitting())
    else:
        assert names(with_splits(clips(given), Splitting())) == wanted


def test_development_without_train_is_trained_on() -> None:
    splits = with_splits(clips(["dev"] * 20 + ["eval"] * 5), Splitting())
    assert names(splits)[20:] == ["test"] * 5
    assert set(names(splits)[:20]) == {"train", "valid"}
    assert splits.notes[0] == "Splits by the data's names: dev is train, eval is test."


def test_two_names_for_validation_are_refused() -> None:
    with pytest.raises(ValueError, match="dev, val only one can be for validation"):
        with_splits(clips(["train", "dev", "val", "test"]), Splitting())


def test_splits_of_the_data_can_be_drawn_anew() -> None:
    splits = with_splits(clips(["1", "2", "3"] * 10), Splitting(folds=5, redraw=True))
    assert splits.metadata["nfolds"] == 5
    assert [names(splits).count(fold) for fold in splits.metadata["splits"]] == [6] * 5


def test_what_a_draw_with_few_groups_came_to_is_said() -> None:
    groups = [f"s{i % 3}" for i in range(120)]
    (note,) = with_splits(clips([""] * 120, groups), Splitting()).notes
    assert "40 train, 40 valid, 40 test. 3 groups were kept whole: 1 train, 1 valid, 1 test" in note
    assert "That is not the shares that were asked for (train, valid, test)" in note


def test_folds_of_groups_are_even_in_clips_and_labels() -> None:
    """Ten speakers of uneven sizes; the best of many random deals is not much better."""
    generator = random.Random(5)
    made = [
        RawClip(source=Path("x.wav"), stem=f"{speaker}-{i}", labels=(label,), group=str(speaker))
        for speaker in range(10)
        for i, label in enumerate(generator.choices("abcdef", k=generator.randint(20, 70)))
    ]
    splits = with_splits(made, Splitting(folds=5))
    sizes = Counter(clip.split for clip in splits.clips)
    assert set(Counter({c.group: c.split for c in splits.clips}.values()).values()) == {2}
    assert all(len({c.labels for c in splits.clips if c.split == fold}) == 6 for fold in sizes)

    def spread(of: dict[str, int]) -> float:
        counts = Counter(of[str(clip.group)] for clip in made)
        return max(counts.values()) - min(counts.values())

    deals = []
    for _ in range(2000):
        order = [i // 2 for i in range(10)]
        generator.shuffle(order)
        deals.append(spread(dict(zip(map(str, range(10)), order, strict=True))))
    ours = {str(clip.group): splits.metadata["splits"].index(clip.split) for clip in splits.clips}
    assert spread(ours) <= sorted(deals)[len(deals) // 20]


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
        (["1", "2", "3"], Splitting(folds=5), "give --redraw with --folds"),
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
