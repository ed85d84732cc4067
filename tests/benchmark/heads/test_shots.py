import numpy as np
import pytest

from benchmark.heads.evaluate import evaluate_task
from benchmark.heads.fold_data import fold_splits
from benchmark.heads.probes.evaluate import evaluate_probe
from benchmark.heads.shots import drawn_rows, few_clips
from benchmark.protocol import Protocol
from benchmark.tasks.task import task_folds
from tests.benchmark.heads.small_tasks import make_task, scene_split, scene_splits


def test_so_many_clips_of_each_class_each_with_its_own_embedding() -> None:
    task = make_task()
    splits = [scene_split(task, name, clips=40) for name in ("fold00", "fold01")]
    drawn = few_clips(task, splits, 5, seed=3)
    assert drawn.targets.sum(axis=0).tolist() == [5, 5, 5]
    known = {
        (split.name, clip): (row.tobytes(), target.tolist())
        for split in splits
        for clip, row, target in zip(split.clips, split.embeddings, split.targets, strict=True)
    }
    contents = list(known.values())
    for row, target in zip(drawn.embeddings, drawn.targets, strict=True):
        assert (row.tobytes(), target.tolist()) in contents


def test_more_clips_than_any_class_has_are_refused() -> None:
    task = make_task()
    splits = scene_splits(task)
    (fold,) = task_folds(task)
    most = int(splits[fold.train[0]].targets.sum(axis=0).max())
    fold_splits(task, splits, fold, Protocol("default", shots=most))
    with pytest.raises(ValueError, match=rf"has {most} clips of a class to train on at most"):
        fold_splits(task, splits, fold, Protocol("default", shots=most + 1))


def test_draws_differ_by_seed_and_larger_ones_hold_the_smaller() -> None:
    targets = np.eye(4, dtype=np.float32)[np.random.default_rng(0).integers(0, 4, 200)]

    def drawn(shots: int, seed: int) -> set[int]:
        return set(drawn_rows(targets, shots, np.random.default_rng(seed)).tolist())

    assert drawn(1, 0) < drawn(4, 0) < drawn(16, 0)
    assert drawn(4, 0) != drawn(4, 1)
    assert drawn(1000, 0) == set(range(200))  # all there are


def test_clips_of_several_labels_give_every_class_enough() -> None:
    targets = (np.random.default_rng(0).random((300, 6)) < 0.3).astype(np.float32)
    rows = drawn_rows(targets, 4, np.random.default_rng(0))
    assert (targets[rows].sum(axis=0) >= 4).all()
    assert len(rows) < 24  # a clip counts for each of its labels


def test_test_splits_stay_whole_and_validation_is_as_small_as_training() -> None:
    task = make_task()
    splits = scene_splits(task)
    (fold,) = task_folds(task)
    (train,), valid = fold_splits(task, splits, fold, Protocol("default", shots=2))
    assert (len(train.clips), len(valid.clips)) == (6, 6)
    head = evaluate_task(task, splits, Protocol("faster", shots=2, grid_points=1))
    assert len(head.folds[0].clips) == 60
    scores = [
        evaluate_probe(task, splits, Protocol("default", probe="linear", shots=shots))
        .folds[0]
        .scores
        for shots in (1, 15)
    ]
    assert scores[0]["top1_acc"] < scores[1]["top1_acc"]


@pytest.mark.parametrize("field", ["limit", "shots"])
def test_a_protocol_without_clips_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} is 0, but must be at least 1"):
        Protocol("default", **{field: 0})
    assert Protocol("default", probe="knn", shots=4, limit=50).name == (
        "default-42-fast-knn-4shots-limit50"
    )
