"""Events to columns and back."""

import pytest

from benchmark.events import event_table, events_by_clip
from benchmark.events.table import Event

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
