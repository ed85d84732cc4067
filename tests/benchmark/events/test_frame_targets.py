"""HEAR's rule for frame labels, at its edges and against a loop."""

import numpy as np
import pytest

from benchmark.events import frame_targets
from benchmark.events.table import Event

VOCABULARY = ("bark", "clap")


def test_a_frame_at_the_start_and_one_at_the_end_are_inside():
    times = np.array([99.9999, 100.0, 150.0, 200.0, 200.0002])
    targets = frame_targets(times, [Event("clap", 100.0, 200.0)], VOCABULARY)
    assert targets.dtype == np.float32
    assert targets.tolist() == [[0, 0], [0, 1], [0, 1], [0, 1], [0, 0]]


def test_a_frame_at_the_end_is_inside_however_late_it_is():
    # float32 could not tell 600000 from 600000.0001.
    times = np.array([600000.0, 600000.001])
    targets = frame_targets(times, [Event("bark", 0.0, 600000.0)], VOCABULARY)
    assert targets[:, 0].tolist() == [1, 0]


def test_overlapping_events_and_repeated_labels_make_a_multi_hot_row():
    events = [Event("bark", 0, 100), Event("bark", 50, 150), Event("clap", 90, 300)]
    targets = frame_targets(np.array([95.0, 120.0, 200.0]), events, VOCABULARY)
    assert targets.tolist() == [[1, 1], [1, 1], [0, 1]]


def test_an_event_of_no_length_labels_the_frame_it_falls_on():
    targets = frame_targets(np.array([50.0, 100.0]), [Event("bark", 100.0, 100.0)], VOCABULARY)
    assert targets[:, 0].tolist() == [0, 1]


def test_targets_equal_a_loop_over_frames_and_events():
    rng = np.random.default_rng(0)
    times = np.arange(0, 5000, 25.0)
    onset = np.round(rng.uniform(0, 4500, 40) / 25) * 25
    events = [
        Event(VOCABULARY[i % 2], float(on), float(on + 25 * rng.integers(0, 20)))
        for i, on in enumerate(onset)
    ]
    targets = frame_targets(times, events, VOCABULARY)
    for t, row in zip(times, targets, strict=True):
        active = {e.label for e in events if e.onset_ms <= t < e.offset_ms + 0.0001}
        assert {VOCABULARY[i] for i in np.flatnonzero(row)} == active


def test_an_event_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match=r"'bark' starts at 20 ms, after its end at 10 ms"):
        frame_targets(np.arange(3.0), [Event("bark", 20, 10)], VOCABULARY)


def test_a_label_beyond_the_vocabulary_is_refused():
    with pytest.raises(ValueError, match="'miaow' is not in the task's vocabulary"):
        frame_targets(np.arange(3.0), [Event("miaow", 0, 10)], VOCABULARY)
