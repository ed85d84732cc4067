"""Events from frame probabilities against a plain loop that follows the protocol's text."""

import numpy as np
import pytest
from scipy.ndimage import median_filter

from benchmark.events import Postprocessing, clip_frames, events_by_clip, events_from_frames
from benchmark.events.frames import median_windows
from benchmark.events.postprocessing import active_frames, postprocessing_points
from benchmark.events.table import Event


def loop_events(probabilities, times, vocabulary, median_filter_ms, min_duration):
    """One clip, frame by frame: the protocol's rules, nothing vectorised."""
    if median_filter_ms:
        width = round(median_filter_ms / np.mean(np.diff(times)))
        if width:
            probabilities = median_filter(probabilities, size=(width, 1), mode="reflect")
    events = []
    for idx, label in enumerate(vocabulary):
        start = None
        for frame in range(len(times) + 1):
            active = frame < len(times) and probabilities[frame, idx] > 0.5
            if active and start is None:
                start = frame
            if not active and start is not None:
                onset, offset = times[start], times[frame - 1]
                if offset - onset >= min_duration:
                    events.append(Event(label, onset, offset))
                start = None
    return sorted(events, key=lambda event: event.onset_ms)


def smooth_probabilities(rng, frames, classes):
    """Probabilities that wander across 0.5, with plateaus exactly at it."""
    noise = rng.standard_normal((frames + 8, classes)).cumsum(axis=0)
    noise -= noise.mean(axis=0)
    values = 1 / (1 + np.exp(-noise[:frames] + 0.5 * rng.standard_normal((frames, classes))))
    values[rng.random((frames, classes)) < 0.05] = 0.5
    return values.astype(np.float32)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("hop_ms", [20.0, 40.0, 50.0, 62.5])
def test_events_equal_the_loop_float_for_float(seed, hop_ms):
    rng = np.random.default_rng(seed)
    vocabulary = ("a", "b", "c")
    counts = rng.integers(2, 60, 4)
    names = tuple(f"clip{i}" for i in range(4))
    times = [float(np.float32(rng.uniform(0, 30))) + hop_ms * np.arange(n) for n in counts]
    parts = [smooth_probabilities(rng, n, 3) for n in counts]
    frames = clip_frames(np.concatenate(times), counts, names)
    for point in (
        Postprocessing(250, 125),
        Postprocessing(150, 0),
        Postprocessing(0, 60),
        Postprocessing(3.0, 100),
        Postprocessing(1000, 250),
    ):
        table = events_from_frames(np.concatenate(parts), frames, point)
        expected = {
            name: loop_events(p, t, vocabulary, point.median_filter_ms, point.min_duration)
            for name, p, t in zip(names, parts, times, strict=True)
        }
        assert events_by_clip(table, names, vocabulary) == expected


@pytest.mark.parametrize("width", [1, 2, 3, 5, 6, 12, 40])
def test_counting_frames_equals_scipys_median_filter(width):
    rng = np.random.default_rng(width)
    probabilities = rng.random((15, 4)).astype(np.float32)
    frames = clip_frames(10.0 * np.arange(15), np.array([15]), ("a",))
    active = active_frames(probabilities, median_windows(frames, 10.0 * width))
    expected = median_filter(probabilities, size=(width, 1), mode="reflect") > 0.5
    assert (active == expected).all()


def test_one_half_is_not_active_and_an_event_ends_at_its_last_frame():
    probabilities = np.array([[0.5], [0.6], [0.6], [0.5], [0.6]], dtype=np.float32)
    frames = clip_frames(40.0 * np.arange(5), np.array([5]), ("a",))
    table = events_from_frames(probabilities, frames, Postprocessing(0, 0))
    assert table.onset_ms.tolist() == [40.0, 160.0]
    assert table.offset_ms.tolist() == [80.0, 160.0]


def test_an_event_does_not_cross_from_one_clip_to_the_next():
    probabilities = np.ones((6, 1), dtype=np.float32)
    times = np.tile(40.0 * np.arange(3), 2)
    frames = clip_frames(times, np.array([3, 3]), ("a", "b"))
    table = events_from_frames(probabilities, frames, Postprocessing(0, 0))
    assert table.clip.tolist() == [0, 1]
    assert table.offset_ms.tolist() == [80.0, 80.0]


def test_one_timestamp_has_no_hop_to_filter_with():
    frames = clip_frames(np.zeros(1), np.array([1]), ("short.wav",))
    with pytest.raises(ValueError, match=r"'short.wav' has one timestamp only"):
        median_windows(frames, 250)


def test_timestamps_that_do_not_increase_are_refused():
    with pytest.raises(ValueError, match="timestamps of clip 'b' do not increase"):
        clip_frames(np.array([0.0, 40.0, 40.0, 0.0]), np.array([2, 2]), ("a", "b"))


def test_counts_that_do_not_fit_and_empty_clips_are_refused():
    with pytest.raises(ValueError, match="3 timestamps do not fit 1 clips with 2 frames"):
        clip_frames(np.arange(3.0), np.array([2]), ("a",))
    with pytest.raises(ValueError, match="'b' has no timestamp embeddings"):
        clip_frames(np.arange(2.0), np.array([2, 0]), ("a", "b"))


def test_the_default_grid_and_a_tasks_own():
    assert postprocessing_points(None) == [(250, 125), (250, 250)]
    assert postprocessing_points({"median_filter_ms": [150], "min_duration": [50]}) == [(150, 50)]
    assert postprocessing_points({"min_duration": [0]}) == [(150, 0)]
    with pytest.raises(ValueError, match="unknown key 'threshold'"):
        postprocessing_points({"threshold": [0.4]})
