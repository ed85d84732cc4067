"""Event scores against sed_eval itself on random and on edge-case event lists."""

import numpy as np
import pytest

from benchmark.events import event_table
from benchmark.events.table import Event
from benchmark.scores import EVENT_SCORES
from benchmark.speed.sed_eval_scores import PARAMETERS, sed_eval_score
from tests.benchmark.scores.agreement import differences
from tests.benchmark.scores.event_lists import KINDS, LABELS, jittered, random_events

ONSET_SCORES = tuple(name for name in PARAMETERS if name != "segment_1s_er")


def scores_of(name, reference, predicted, labels=LABELS):
    clips = list(predicted)
    return EVENT_SCORES[name](
        event_table(reference, clips, labels), event_table(predicted, clips, labels)
    )


def assert_equals_sed_eval(reference, predicted, labels=LABELS, names=tuple(PARAMETERS)):
    for name in names:
        assert max(differences(name, reference, predicted, labels)) <= 1e-12, name


@pytest.mark.parametrize("kind", KINDS)
def test_event_scores_equal_sed_eval_on_random_lists(kind):
    for seed in range(25):
        assert_equals_sed_eval(*kind(np.random.default_rng([seed, *kind.__name__.encode()])))


def test_random_lists_are_what_their_kinds_promise():
    lists = {
        kind.__name__: [kind(np.random.default_rng(seed)) for seed in range(25)] for kind in KINDS
    }
    empty = [
        events[clip] == [] for r, p, _ in lists["empty_clips"] for events in (r, p) for clip in r
    ]
    assert 50 < sum(empty) < 140
    for reference, predicted, _ in lists["beyond_the_end"]:
        for clip, events in predicted.items():
            last = max((event.offset_ms for event in reference[clip]), default=0)
            assert max(event.offset_ms for event in events) > last + 10_000
    matched = [scores_of("event_onset_50ms_fms", *made)["f_measure"] for made in lists["tied"]]
    assert 0.3 < np.nanmean(matched) < 1


ONE = [Event("bark", 1000.0, 2000.0)]


@pytest.mark.parametrize(
    ("reference", "predicted"),
    [
        ({"a": ONE}, {"a": []}),
        ({"a": []}, {"a": ONE}),
        ({"a": []}, {"a": []}),
        ({"a": ONE, "b": []}, {"a": ONE, "b": []}),
        ({"a": ONE}, {"a": ONE * 3}),
        ({"a": ONE * 3}, {"a": ONE}),
        ({"a": ONE}, {"a": [Event("clap", 1000.0, 2000.0)]}),
        ({"a": ONE}, {"a": [Event("bark", 1200.0, 2200.0)]}),
        ({"a": ONE}, {"a": [Event("bark", 1050.0, 1800.0)]}),
        ({"a": ONE}, {"a": [Event("bark", 1000.0, 90000.0)]}),
        ({"a": [Event("bark", 3000.0, 3000.0)]}, {"a": [Event("bark", 3000.5, 3000.5)]}),
    ],
)
def test_event_scores_equal_sed_eval_on_edge_cases(reference, predicted):
    assert_equals_sed_eval(reference, predicted)


def test_no_prediction_gives_nan_f_measure_and_an_error_rate_of_one():
    scores = scores_of("event_onset_200ms_fms", {"a": ONE}, {"a": []})
    assert np.isnan(scores["f_measure"])
    assert np.isnan(scores["precision"])
    assert scores["recall"] == 0.0
    assert scores_of("segment_1s_er", {"a": ONE}, {"a": []}) == pytest.approx({"error_rate": 1.0})


def test_no_agreement_gives_zero_not_nan():
    scores = scores_of("event_onset_50ms_fms", {"a": ONE}, {"a": [Event("bark", 5000.0, 6000.0)]})
    assert scores == {"f_measure": 0.0, "precision": 0.0, "recall": 0.0}


def test_matching_is_optimal_where_a_greedy_one_would_lose_a_pair():
    reference = {"a": [Event("bark", 1000.0, 1100.0), Event("bark", 1150.0, 1250.0)]}
    predicted = {"a": [Event("bark", 1140.0, 1250.0), Event("bark", 850.0, 900.0)]}
    assert scores_of("event_onset_200ms_fms", reference, predicted)["f_measure"] == 1.0


def test_clips_without_a_prediction_entry_are_not_scored():
    assert scores_of("event_onset_200ms_fms", {"a": ONE, "b": ONE}, {"a": ONE})["recall"] == 1.0


def with_labels(events, names):
    """The same events under other labels."""
    new = dict(zip(LABELS, names, strict=True))
    return {
        clip: [e._replace(label=new[e.label]) for e in listed] for clip, listed in events.items()
    }


@pytest.mark.parametrize("seed", range(10))
def test_onset_scores_of_classes_beyond_the_vocabulary_equal_sed_evals(seed):
    rng = np.random.default_rng(seed)
    reference = random_events(rng, ["a"], 12, labels=(*LABELS, "siren"))
    predicted = jittered(rng, reference, (*LABELS, "siren"))
    for name in ONSET_SCORES:
        expected = sed_eval_score(name, reference, predicted, LABELS)
        found = scores_of(name, reference, predicted, (*LABELS, "siren"))
        assert found == pytest.approx({key: expected[key] for key in found}, nan_ok=True)


@pytest.mark.parametrize("names", [("none", "clap", "big knock"), (" bark", "clap ", "None")])
def test_labels_that_sed_eval_rewrites_do_not_change_onset_scores(names):
    """sed_eval strips labels and reads "none" as no label, on both sides alike."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        reference = random_events(rng, ["a", "b"], 12)
        predicted = with_labels(jittered(rng, reference), names)
        assert_equals_sed_eval(with_labels(reference, names), predicted, names, ONSET_SCORES)


@pytest.mark.parametrize("label", ["none", " bark"])
def test_where_sed_eval_has_no_segment_score_for_a_label_ours_has_that_of_any_other(label):
    """There sed_eval, and upstream with it, stops: the rewritten label is not in the list."""
    listed = {"a": [Event(label, 0.0, 1500.0)]}
    with pytest.raises(ValueError, match="is not in list"):
        sed_eval_score("segment_1s_er", listed, listed, (label, "clap"))
    assert scores_of("segment_1s_er", listed, listed, (label, "clap")) == {"error_rate": 0.0}


def test_labels_that_differ_in_outer_spaces_only_are_one_class_to_sed_eval_but_two_to_us():
    reference, predicted = {"a": [Event("bark", 0.0, 100.0)]}, {"a": [Event("bark ", 0.0, 100.0)]}
    labels = ("bark", "bark ")
    merged = sed_eval_score("event_onset_200ms_fms", reference, predicted, labels)
    assert merged["f_measure"] == 1.0
    assert scores_of("event_onset_200ms_fms", reference, predicted, labels)["f_measure"] == 0.0


@pytest.mark.parametrize("predicted", [[], ONE])
def test_an_error_rate_without_reference_events_is_undefined(predicted):
    """sed_eval divides by a number of 2.2e-16 there: 0, or beyond 1e15."""
    score = scores_of("segment_1s_er", {"a": []}, {"a": predicted})["error_rate"]
    assert np.isnan(score)
    theirs = sed_eval_score("segment_1s_er", {"a": []}, {"a": predicted}, LABELS)["error_rate"]
    assert theirs == 0 if not predicted else theirs > 1e15
