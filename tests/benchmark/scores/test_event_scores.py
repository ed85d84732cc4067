"""Event scores against sed_eval itself on random and on edge-case event lists."""

import numpy as np
import pytest

from benchmark.embeddings import Event
from benchmark.events import event_table
from benchmark.scores import EVENT_SCORES
from tests.benchmark.scores.event_lists import LABELS, jittered, random_events, sed_eval_scores

UPSTREAM = {  # heareval.score.available_scores
    "event_onset_200ms_fms": {
        "metrics_class": "EventBasedMetrics",
        "evaluate_onset": True,
        "evaluate_offset": False,
        "t_collar": 0.2,
    },
    "event_onset_50ms_fms": {
        "metrics_class": "EventBasedMetrics",
        "evaluate_onset": True,
        "evaluate_offset": False,
        "t_collar": 0.05,
    },
    "event_onset_offset_50ms_20perc_fms": {
        "metrics_class": "EventBasedMetrics",
        "evaluate_onset": True,
        "evaluate_offset": True,
        "t_collar": 0.05,
        "percentage_of_length": 0.2,
    },
    "segment_1s_er": {"metrics_class": "SegmentBasedMetrics", "time_resolution": 1.0},
}


def scores_of(name, reference, predicted, labels=LABELS):
    clips = list(predicted)
    return EVENT_SCORES[name](
        event_table(reference, clips, labels), event_table(predicted, clips, labels)
    )


def assert_equals_sed_eval(reference, predicted, labels=LABELS):
    for name, parameters in UPSTREAM.items():
        expected = sed_eval_scores(
            reference=reference, predicted=predicted, labels=labels, **parameters
        )
        for key, value in scores_of(name, reference, predicted, labels).items():
            assert value == pytest.approx(expected[key], abs=1e-12, rel=1e-12, nan_ok=True), name


@pytest.mark.parametrize("seed", range(75))
def test_event_scores_equal_sed_eval_on_random_lists(seed):
    rng = np.random.default_rng(seed)
    clips = [f"clip{i}.wav" for i in range(int(rng.integers(1, 4)))]
    reference = random_events(rng, clips, per_clip=12)
    assert_equals_sed_eval(reference, jittered(rng, reference))


@pytest.mark.parametrize("seed", range(25))
def test_event_scores_equal_sed_eval_on_unrelated_crowded_lists(seed):
    rng = np.random.default_rng(1000 + seed)
    clips = ["a.wav", "b.wav"]
    reference = random_events(rng, clips, per_clip=30, length_s=4.0)
    assert_equals_sed_eval(reference, random_events(rng, clips, per_clip=40, length_s=4.0))


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


def test_classes_beyond_the_vocabulary_count_as_sed_eval_counts_them():
    reference = {"a": [*ONE, Event("siren", 3000.0, 4000.0)]}
    predicted = {"a": [*ONE, Event("siren", 3100.0, 4000.0), Event("siren", 7000.0, 7100.0)]}
    parameters = UPSTREAM["event_onset_200ms_fms"]
    expected = sed_eval_scores(reference=reference, predicted=predicted, **parameters)
    found = scores_of("event_onset_200ms_fms", reference, predicted, (*LABELS, "siren"))
    assert found == pytest.approx({key: expected[key] for key in found})
