import hashlib

import pandas as pd
import pytest

from benchmark.tasks.make.splits import (
    draw_train_valid_test,
    max_seconds_by_split,
    seed_of,
    subsample,
)


def test_seed_is_the_sha1_of_the_text() -> None:
    # The SHA-1 of "abc" is in FIPS 180-2's examples.
    assert seed_of("abc") == 0xA9993E364706816ABA3E25717850C26C9CD0D89D % 4294967295


def test_splits_that_hearpreprocess_draws() -> None:
    # Printed by hearpreprocess 2021.1.1's split_train_test_val for these keys.
    splits = draw_train_valid_test(
        (f"k{index:02d}" for index in range(20)), {"train": 60, "valid": 20, "test": 20}
    )
    drawn = {s: sorted(k for k in splits if splits[k] == s) for s in ("valid", "test")}
    assert drawn == {"valid": ["k04", "k12", "k15", "k18"], "test": ["k02", "k06", "k13", "k17"]}


def test_too_few_keys_for_three_splits() -> None:
    with pytest.raises(ValueError, match="4 recordings are too few"):
        draw_train_valid_test("abcd", {"train": 80, "valid": 10, "test": 10})


def test_subsample_is_pandas_sample_of_the_sorted_names() -> None:
    stems = [hashlib.md5(bytes([index])).hexdigest() for index in range(200)]
    shuffled = pd.Series(sorted(stems)).sample(
        frac=1, random_state=seed_of("SubsampleSplit(valid)")
    )
    assert subsample(stems, "valid", 100.5, 4.0) == set(shuffled[:25])
    assert subsample(stems, "valid", None, 4.0) == set(stems)
    assert subsample(stems, "valid", 1e9, 4.0) == set(stems)
    assert subsample(stems, "valid", 100.5, 4.0) != subsample(stems, "test", 100.5, 4.0)


def test_five_hours_are_shared_out_80_to_10() -> None:
    assert max_seconds_by_split(5) == {"train": 16000, "valid": 2000, "test": 2000}
    assert max_seconds_by_split(5, test=False)["test"] is None
    assert set(max_seconds_by_split(None).values()) == {None}
