"""Shares of embeddings that say little, by a comparison of every pair and by what was put there."""

import numpy as np
import pytest

from benchmark.embeddings import degenerate
from benchmark.embeddings.degenerate import degenerate_shares
from benchmark.embeddings.splits import EventSplit, SceneSplit


def scene(rows: np.ndarray, name: str = "train") -> SceneSplit:
    targets = np.zeros((len(rows), 2), np.float32)
    return SceneSplit(name, rows.astype(np.float32), targets, tuple(map(str, range(len(rows)))))


def event(rows: np.ndarray, frames: list[int]) -> EventSplit:
    targets = np.zeros((len(rows), 2), np.float32)
    times = np.arange(len(rows), dtype=np.float64)
    clips = tuple(map(str, range(len(frames))))
    return EventSplit("train", rows.astype(np.float32), targets, clips, np.array(frames), times, {})


@pytest.fixture(params=[degenerate.BLOCK_VALUES, 40])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once, and a few clips at a time."""
    monkeypatch.setattr(degenerate, "BLOCK_VALUES", request.param)


def drawn(rows: int, size: int = 16) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(rows, size)).astype(np.float32)


@pytest.mark.usefixtures("blocks")
def test_different_rows_have_no_share() -> None:
    assert degenerate_shares([scene(drawn(300)), scene(drawn(300) + 1)]) == {}
    close = 5 + 1e-3 * drawn(300)  # an untrained network's are as close
    assert degenerate_shares([scene(close)]) == {}


@pytest.mark.usefixtures("blocks")
def test_a_multiple_of_an_embedding_is_another_one() -> None:
    levels = np.geomspace(1e-3, 1e3, 40)[:, None]
    assert degenerate_shares([scene(levels * drawn(1))]) == {}
    twice = np.concatenate([levels, levels[:10]])
    assert degenerate_shares([scene(twice * drawn(1))]) == {"equal": 20 / 50}


@pytest.mark.usefixtures("blocks")
def test_equal_clips_are_those_of_every_pair_also_across_splits() -> None:
    train, test = drawn(60), drawn(90)[60:]
    train[[3, 8, 9]] = train[20]
    test[4] = train[7]
    test[5] = test[6] * (1 + 2e-7)  # as another batch size rounds
    every = np.concatenate([train, test])
    near = np.abs(every[:, None] - every[None]).max(axis=2) < 1e-5
    expected = (near.sum(axis=1) > 1).mean()
    assert expected == 8 / 90
    assert degenerate_shares([scene(train), scene(test, "test")]) == {"equal": expected}


@pytest.mark.usefixtures("blocks")
def test_huge_tiny_and_constant() -> None:
    rows = drawn(50)
    rows[:10] *= 1e30
    rows[10:15] *= 1e-42  # denormal
    rows[:, 4:8] = 7
    found = degenerate_shares([scene(rows)])
    # Of the tiny ones, the sevens are all that is left.
    assert found == {"equal": 0.1, "huge": 0.2, "constant": 0.25}
    rows[10:15, 4:8] = 0
    assert degenerate_shares([scene(rows)]) == {"huge": 0.2, "tiny": 0.1}


def test_one_vector_for_all() -> None:
    rows = np.tile(drawn(1), (40, 1))
    assert degenerate_shares([scene(rows)]) == {"equal": 1.0, "constant": 1.0}
    zeros = degenerate_shares([scene(0 * rows)])
    assert zeros == {"equal": 1.0, "tiny": 1.0, "constant": 1.0}


@pytest.mark.usefixtures("blocks")
def test_clips_of_frames() -> None:
    rows = drawn(60)
    rows[10:20] = rows[10]  # a clip that stands still
    rows[40:60] = rows[20:40]  # a clip twice
    found = degenerate_shares([event(rows, [10, 10, 20, 20])])
    assert found == {"equal": 0.5, "still": 0.25}
    assert degenerate_shares([event(drawn(3), [1, 1, 1])]) == {}
