"""Classes and kinds of errors: against sed_eval's own class-wise and overall counts."""

import math

import numpy as np
import pytest

from benchmark.events import event_table
from benchmark.events.table import Event
from benchmark.speed.sed_eval_scores import sed_eval_counts
from benchmark.statistics.event_breakdown import SCORES, class_counts, f_measure_of
from benchmark.statistics.event_scores import event_fold_score
from tests.benchmark.scores.event_lists import CLIPS, KINDS, LABELS

ONSET = "event_onset_200ms_fms"


def counted(name, reference, predicted, labels=LABELS):
    clips = list(predicted)
    tables = [event_table(events, clips, labels) for events in (reference, predicted)]
    return clips, tables, class_counts(name, len(clips), len(labels), *tables)


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("kind", KINDS)
def test_classes_are_those_of_sed_eval(kind, name):
    for seed in range(4):
        reference, predicted, labels = kind(np.random.default_rng([seed, *b"classes"]))
        clips, _, counts = counted(name, reference, predicted, labels)
        theirs = sed_eval_counts(name, reference, predicted, labels).class_wise
        files = np.arange(len(clips))
        for label, text in enumerate(labels):
            own = [
                int(column[:, label].sum())
                for column in (counts.reference, counts.predicted, counts.hits)
            ]
            assert own == [theirs[text][key] for key in ("Nref", "Nsys", "Ntp")]
            value = f_measure_of(clips, counts, label, files).value
            if not own[0] + own[1]:
                assert math.isnan(value)
            elif all(own[:2]):
                hits = 2 * theirs[text]["Ntp"] / (theirs[text]["Nref"] + theirs[text]["Nsys"])
                assert value == pytest.approx(hits, rel=1e-14)
            else:
                assert value == 0


def test_substitutions_are_those_of_sed_eval():
    some = 0
    # In "crowded" and "tied" lists several largest matchings leave other events over.
    for kind in (kind for kind in KINDS if kind.__name__ not in ("crowded", "tied")):
        for seed in range(8):
            reference, predicted, labels = kind(np.random.default_rng([seed, *b"kinds"]))
            _, _, counts = counted(ONSET, reference, predicted, labels)
            theirs = sed_eval_counts(ONSET, reference, predicted, labels).overall
            assert counts.other_class.sum() == theirs["Nsubs"]
            missed = counts.reference - counts.hits - counts.other_class
            assert missed.sum() == theirs["Nfn"]
            assert (counts.predicted - counts.hits).sum() - theirs["Nsubs"] == theirs["Nfp"]
            assert (counts.wrong_time <= missed).all()
            some += theirs["Nsubs"]
    assert some > 10


def test_all_classes_together_are_the_score_of_the_table():
    reference, predicted, labels = KINDS[0](np.random.default_rng(3))
    clips, tables, counts = counted(ONSET, reference, predicted, labels)
    drawn = np.random.default_rng(0).multinomial(len(clips), [1 / len(clips)] * len(clips), 20)
    whole = event_fold_score(ONSET, clips, *tables).score(drawn.astype(np.float32))
    mine = f_measure_of(clips, counts, None, np.arange(len(clips))).score(drawn.astype(np.float32))
    both = ~np.isnan(whole)
    assert both.any()
    assert mine[both] == pytest.approx(whole[both], rel=1e-14)


def test_some_files_only():
    reference, predicted, labels = KINDS[1](np.random.default_rng(5))
    clips, _, counts = counted(ONSET, reference, predicted, labels)
    alone = {clips[1]: reference[clips[1]]}, {clips[1]: predicted[clips[1]]}
    expected = event_fold_score(
        ONSET, clips[1:], *(event_table(events, clips[1:], labels) for events in alone)
    )
    found = f_measure_of(clips, counts, None, np.array([1]))
    assert found.clips == (clips[1],)
    assert found.value == pytest.approx(expected.value, rel=1e-14)


def test_every_kind_of_error_by_hand():
    bark, clap, knock = LABELS
    reference = {
        "a": [
            Event(bark, 1000, 2000),  # found
            Event(clap, 3000, 4000),  # taken for a knock
            Event(knock, 6000, 8000),  # found too late
            Event(bark, 9000, 9500),  # nothing there
        ]
    }
    predicted = {
        "a": [
            Event(bark, 1100, 1500),
            Event(knock, 2900, 3500),
            Event(knock, 6500, 8000),
            Event(clap, 20000, 21000),  # invented
        ]
    }
    _, _, counts = counted(ONSET, reference, predicted)
    assert counts.hits[0].tolist() == [1, 0, 0]
    assert counts.other_class[0].tolist() == [0, 1, 0]
    assert counts.wrong_time[0].tolist() == [0, 0, 1]
    assert counts.confused[0].tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert (counts.reference[0].tolist(), counts.predicted[0].tolist()) == ([2, 1, 1], [1, 1, 2])


def test_a_score_that_matches_no_events_is_refused():
    tables = [event_table({}, CLIPS, LABELS)] * 2
    with pytest.raises(ValueError, match="segment_1s_er does not match events: choose one of"):
        class_counts("segment_1s_er", 3, 3, *tables)
