"""Events to columns and back."""

import numpy as np
import pytest

from benchmark.events import event_table, events_by_clip
from benchmark.events.table import Event, refuse_endless

EVENTS = {"a": [Event("clap", 10.0, 20.0), Event("bark", 30.0, 40.0)], "c": []}


def test_a_table_and_its_inverse_keep_every_event():
    clips, vocabulary = ("a", "b", "c"), ("bark", "clap")
    table = event_table(EVENTS, clips, vocabulary)
    assert table.clip.tolist() == [0, 0]
    assert table.label.tolist() == [1, 0]
    assert events_by_clip(table, clips, vocabulary) == {"a": EVENTS["a"], "b": [], "c": []}


def test_an_unknown_label_is_named_with_its_clip():
    with pytest.raises(ValueError, match="label 'clap' of an event in clip 'a'"):
        event_table(EVENTS, ("a",), ("bark",))


@pytest.mark.parametrize(
    ("onset", "offset", "words"),
    [
        ([0.0, 0.0], [1.0, 1e18], "an event at 1e\\+18 ms"),
        ([0.0], [float("inf")], "an event at inf ms"),
        ([float("nan")], [1.0], "an event at nan ms"),
        ([-1e10], [1.0], "an event at -1e\\+10 ms"),
        ([5.0], [4.0], "ends before it starts"),
        ([0.0] * 100, [5e8] * 100, "50,000,000 s together"),
    ],
)
def test_times_that_would_take_all_memory_in_segment_scores_are_refused(onset, offset, words):
    with pytest.raises(ValueError, match=f"^it has .*{words}"):
        refuse_endless(np.array(onset), np.array(offset), "it")
    refuse_endless(np.array([-5.0, 0.0]), np.array([0.0, 1e8]), "it")
    refuse_endless(np.zeros(0), np.zeros(0), "it")
