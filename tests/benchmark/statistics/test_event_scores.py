"""Event scores of drawn files: against `benchmark.scores` on files copied as often as drawn."""

import numpy as np
import pytest

from benchmark.events.table import Event, event_table
from benchmark.scores import EVENT_SCORES
from benchmark.scores.event_onset import TOLERANCES, partners
from benchmark.statistics import event_fold_score
from benchmark.statistics.event_scores import event_counts, segment_counts
from tests.benchmark.scores.event_lists import LABELS, jittered, random_events

CLIPS = [f"clip{number}.wav" for number in range(9)]


def lists(seed):
    rng = np.random.default_rng(seed)
    reference = random_events(rng, CLIPS, per_clip=12)
    reference["clip3.wav"] = []
    predicted = jittered(rng, reference)
    predicted["clip4.wav"] = []
    return reference, predicted


def tables(reference, predicted, clips=CLIPS):
    return event_table(reference, clips, LABELS), event_table(predicted, clips, LABELS)


def score_of(name, reference, predicted, clips=CLIPS):
    return next(iter(EVENT_SCORES[name](*tables(reference, predicted, clips)).values()))


@pytest.mark.parametrize("name", EVENT_SCORES)
@pytest.mark.parametrize("seed", range(8))
def test_counts_of_files_add_up_to_the_score_itself(name, seed):
    reference, predicted = lists(seed)
    found = event_fold_score(name, CLIPS, *tables(reference, predicted)).value
    assert found == pytest.approx(score_of(name, reference, predicted), rel=1e-14)


@pytest.mark.parametrize("name", EVENT_SCORES)
def test_drawn_files_score_as_copies_do(name):
    reference, predicted = lists(100)
    counts = np.random.default_rng(0).multinomial(9, [1 / 9] * 9, 15)
    found = event_fold_score(name, CLIPS, *tables(reference, predicted)).score(
        counts.astype(np.float32)
    )
    for row, value in zip(counts, found, strict=True):
        copies = [f"{clip} {copy}" for clip, n in zip(CLIPS, row, strict=True) for copy in range(n)]
        ref, sys = ({c: lists[c.split()[0]] for c in copies} for lists in (reference, predicted))
        assert value == pytest.approx(score_of(name, ref, sys, copies), rel=1e-12)


def test_true_positives_of_files_are_the_matched_pairs():
    reference, predicted = tables(*lists(7))
    counts = event_counts("event_onset_200ms_fms", 9, reference, predicted)
    assert counts.sum(axis=0).tolist() == [
        (partners(reference, predicted, TOLERANCES["event_onset_200ms_fms"]) >= 0).sum(),
        len(predicted),
        len(reference),
    ]
    assert 0 < counts[:, 0].sum() < len(predicted)


def test_segment_counts_by_hand():
    reference = {
        "clip0.wav": [Event(LABELS[0], 0.0, 2500.0), Event(LABELS[1], 1000.0, 2000.0)],
    }
    predicted = {
        "clip0.wav": [Event(LABELS[2], 1000.0, 3000.0)],
        "clip1.wav": [Event(LABELS[0], 0.0, 900.0)],
    }
    # clip0: second 0 deletes one; 1 substitutes one and deletes one; 2 substitutes one.
    found = segment_counts("segment_1s_er", 3, *tables(reference, predicted, CLIPS[:3]))
    assert found.tolist() == [[4, 4], [1, 0], [0, 0]]


@pytest.mark.parametrize("empty", ["reference", "predicted"])
@pytest.mark.parametrize("name", EVENT_SCORES)
def test_without_events_scores_are_what_they_are_in_benchmark_scores(name, empty):
    reference, predicted = lists(3)
    nothing = {clip: [] for clip in CLIPS}
    reference, predicted = (nothing, predicted) if empty == "reference" else (reference, nothing)
    found = event_fold_score(name, CLIPS, *tables(reference, predicted)).value
    expected = score_of(name, reference, predicted)
    assert found == pytest.approx(expected, nan_ok=True)
