"""Roles of the splits."""

import pytest

from benchmark.tasks.task import Fold, task_folds
from tests.benchmark.heads.small_tasks import make_task


def test_train_valid_test_is_one_fold():
    assert task_folds(make_task()) == [Fold(("train",), "valid", "test")]


@pytest.mark.parametrize("split_mode", ["new_split_kfold", "presplit_kfold"])
def test_k_folds_go_round_in_sorted_order(split_mode):
    splits = ("fold02", "fold00", "fold03", "fold01")
    assert task_folds(make_task(split_mode=split_mode, splits=splits)) == [
        Fold(("fold02", "fold03"), "fold01", "fold00"),
        Fold(("fold00", "fold03"), "fold02", "fold01"),
        Fold(("fold00", "fold01"), "fold03", "fold02"),
        Fold(("fold01", "fold02"), "fold00", "fold03"),
    ]


def test_two_folds_leave_none_to_train_on():
    with pytest.raises(ValueError, match="has 2 folds, but needs three"):
        task_folds(make_task(split_mode="new_split_kfold", splits=("a", "b")))
