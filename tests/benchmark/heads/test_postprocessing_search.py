"""Upstream's choice of post-processing, faults included."""

import math

import numpy as np

from benchmark.events import EventTable, Postprocessing, clip_frames
from benchmark.heads.postprocessing_search import PostprocessingSearch

NOTHING = EventTable(*(np.zeros(0, dtype=t) for t in (np.int64, np.int64, np.float64, np.float64)))
POINTS = [Postprocessing(0, 0), Postprocessing(0, 100), Postprocessing(0, 200)]
# Events of 0, 120 and 240 ms at a hop of 40 ms: the three points keep 3, 2 and 1 of them.
PROBABILITIES = np.array([[1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1]], dtype=np.float32).T


def search(score):
    frames = clip_frames(40.0 * np.arange(14), np.array([14]), ("a",))
    found = PostprocessingSearch(
        POINTS, frames, NOTHING, lambda _, events: {"s": score(len(events))}
    )
    return found(PROBABILITIES)


def test_the_best_score_wins():
    assert search(lambda kept: -abs(kept - 2)) == (0, Postprocessing(0, 100))


def test_of_equals_the_larger_point_wins():
    assert search(lambda kept: 0.5) == (0.5, Postprocessing(0, 200))


def test_nan_counts_as_zero_but_comes_back_as_nan():
    score, best = search(lambda kept: math.nan if kept == 1 else -1.0)
    assert math.isnan(score)
    assert best == Postprocessing(0, 200)
    assert search(lambda kept: math.nan if kept == 1 else 0.1) == (0.1, Postprocessing(0, 100))


def test_an_error_rate_is_maximised_too():
    assert search(lambda kept: {3: 0.9, 2: 0.3, 1: 0.2}[kept]) == (0.9, Postprocessing(0, 0))
