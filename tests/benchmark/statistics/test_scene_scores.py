"""Scene scores of drawn clips: against `benchmark.scores` on clips copied as often as drawn."""

import numpy as np
import pytest

from benchmark.scores import SCENE_SCORES
from benchmark.scores.accuracy import midi_chroma_acc
from benchmark.statistics import scene_fold_score
from benchmark.statistics.ranking_scores import weighted_average_precision


def scene(seed, clips=60, classes=15, multilabel=True, ties=False):
    rng = np.random.default_rng(seed)
    targets = np.eye(classes, dtype=np.float32)[rng.integers(0, classes, clips)]
    if multilabel:
        targets[rng.random(targets.shape) < 0.15] = 1
    probabilities = rng.random(targets.shape).astype(np.float32) + targets * rng.random()
    probabilities = probabilities.astype(np.float32)
    return (np.round(probabilities, 1) if ties else probabilities), targets


def names(count):
    return [f"{number}.wav" for number in range(count)]


def drawn(seed, clips, resamples=20):
    return np.random.default_rng(seed).multinomial(clips, [1 / clips] * clips, resamples)


@pytest.mark.parametrize("name", SCENE_SCORES)
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_clips_drawn_once_give_the_score_itself(name, ties, seed):
    probabilities, targets = scene(seed, ties=ties)
    expected = SCENE_SCORES[name](probabilities, targets)
    found = scene_fold_score(name, names(60), probabilities, targets).value
    assert np.isfinite(found)
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", ["top1_acc", "pitch_acc", "chroma_acc", "aucroc", "d_prime"])
@pytest.mark.parametrize("ties", [False, True])
def test_drawn_clips_score_as_copies_do(name, ties):
    probabilities, targets = scene(5, classes=14, clips=150, ties=ties)
    counts = drawn(1, 150)
    found = scene_fold_score(name, names(150), probabilities, targets).score(
        counts.astype(np.float32)
    )
    for row, value in zip(counts, found, strict=True):
        copies = np.repeat(np.arange(150), row)
        assert targets[copies].any(axis=0).all()
        expected = SCENE_SCORES[name](probabilities[copies], targets[copies])
        assert value == pytest.approx(expected, abs=1e-5)


def average_precision_without_own_copies(scores, positive, counts):
    """A plain loop: precision at each positive's score, other clips copied, itself once."""
    total = 0.0
    for clip in np.flatnonzero(positive):
        above = [i for i in range(len(scores)) if scores[i] >= scores[clip] and i != clip]
        hits = 1 + sum(counts[i] for i in above if positive[i])
        total += counts[clip] * hits / (1 + sum(counts[i] for i in above))
    weight = counts[positive].sum()
    return total / weight if weight else np.nan


def test_average_precision_of_drawn_clips_equals_a_plain_loop(monkeypatch):
    monkeypatch.setattr("benchmark.statistics.ranking_scores.COLUMNS", 7)
    probabilities, targets = scene(2, clips=40, classes=6, ties=True)
    targets[:, 5] = 0
    targets[3, 5] = 1  # absent from many resamples
    counts = drawn(2, 40, 12)
    found = weighted_average_precision(counts.astype(np.float32), probabilities, targets > 0)
    expected = [
        [
            average_precision_without_own_copies(*column, row)
            for column in columns(probabilities, targets)
        ]
        for row in counts
    ]
    assert np.isnan(expected).any()
    assert found == pytest.approx(np.array(expected), abs=1e-6, nan_ok=True)


def columns(probabilities, targets):
    return list(zip(probabilities.T, targets.T > 0, strict=True))


def test_map_leaves_out_a_class_that_a_resample_lacks_but_not_one_that_the_split_lacks():
    targets = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=np.float32)  # never class 2
    score = scene_fold_score("mAP", names(3), targets, targets).score
    everything, without_class_1 = score(np.array([[1, 1, 1], [2, 1, 0]], np.float32))
    assert everything == SCENE_SCORES["mAP"](targets, targets) == pytest.approx(2 / 3)
    assert without_class_1 == pytest.approx(2 / 3)


@pytest.mark.parametrize("name", ["aucroc", "d_prime"])
def test_area_scores_are_nan_where_the_split_lacks_a_class(name):
    probabilities, targets = scene(1)
    targets[:, 2] = 0
    assert np.isnan(scene_fold_score(name, names(60), probabilities, targets).value)


def test_a_perfect_ranking_has_an_infinite_d_prime_in_every_resample():
    targets = np.eye(2, dtype=np.float32)[[0, 0, 1, 1]]
    score = scene_fold_score("d_prime", names(4), targets, targets).score
    assert score(np.array([[1, 1, 1, 1], [2, 0, 1, 1]], np.float32)).tolist() == [np.inf, np.inf]
    assert np.isnan(score(np.array([[2, 2, 0, 0]], np.float32)))[0]


def test_strict_chroma_follows_the_vocabulary():
    probabilities, targets = scene(3, multilabel=False)
    midi = np.array([36, 38, 40, 41, 43, 45, 47, 48, 50, 52, 53, 55, 57, 59, 60])
    expected = midi_chroma_acc(probabilities, targets, midi)
    found = scene_fold_score("chroma_acc", names(60), probabilities, targets, midi % 12).value
    assert found == pytest.approx(expected)
    assert expected != SCENE_SCORES["chroma_acc"](probabilities, targets)


def test_what_does_not_fit_is_refused():
    probabilities, targets = scene(0)
    with pytest.raises(ValueError, match=r"do not fit 59 clips"):
        scene_fold_score("mAP", names(59), probabilities, targets)
    with pytest.raises(ValueError, match="'segment_1s_er' is not one of scene tasks"):
        scene_fold_score("segment_1s_er", names(60), probabilities, targets)
    probabilities[7, 2] = np.nan
    with pytest.raises(ValueError, match=r"clip '7.wav' is NaN"):
        scene_fold_score("mAP", names(60), probabilities, targets)
