"""mAP, ROC AUC and d-prime against scikit-learn and SciPy, which upstream calls."""

import warnings

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmark.scores.ranking import aucroc, average_precision, d_prime, mAP, roc_auc


@pytest.mark.parametrize("seed", range(20))
def test_ranking_scores_equal_scikit_learn_with_and_without_ties(seed):
    rng = np.random.default_rng(seed)
    clips, classes = int(rng.integers(10, 200)), int(rng.integers(2, 12))
    targets = (rng.random((clips, classes)) < rng.uniform(0.1, 0.6)).astype(np.float32)
    targets[0], targets[1] = 1, 0  # both values in every class
    probabilities = rng.random((clips, classes)).astype(np.float32)
    probabilities += targets * np.float32(rng.uniform(0, 0.5))
    if seed % 2:
        probabilities = np.round(probabilities, 1)
    auc = roc_auc_score(targets, probabilities, average=None)
    expected_ap = average_precision_score(targets, probabilities, average=None)
    assert average_precision(probabilities, targets) == pytest.approx(expected_ap, abs=1e-12)
    assert mAP(probabilities, targets) == pytest.approx(np.mean(expected_ap), abs=1e-12)
    assert roc_auc(probabilities, targets) == pytest.approx(auc, abs=1e-12)
    assert aucroc(probabilities, targets) == pytest.approx(np.mean(auc), abs=1e-12)
    expected_d = np.mean(stats.norm().ppf(auc) * np.sqrt(2.0))
    assert d_prime(probabilities, targets) == pytest.approx(expected_d, abs=1e-9)


def test_a_perfect_ranking_gives_one_and_an_infinite_d_prime():
    targets = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert mAP(targets, targets) == 1.0
    assert aucroc(targets, targets) == 1.0
    assert d_prime(targets, targets) == np.inf


def test_infinities_of_both_signs_give_nan_without_a_warning():
    targets = np.array([[1, 0], [0, 1]], dtype=np.float32)
    probabilities = np.array([[0.9, 0.9], [0.1, 0.1]], dtype=np.float32)
    assert np.isnan(d_prime(probabilities, targets))


def test_a_class_without_positives_counts_zero_in_map_and_makes_auc_nan():
    rng = np.random.default_rng(1)
    targets = np.zeros((20, 3), dtype=np.float32)
    targets[:10, :2] = 1
    probabilities = rng.random((20, 3)).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = average_precision_score(targets, probabilities, average="macro")
    assert mAP(probabilities, targets) == pytest.approx(expected, abs=1e-12)
    assert average_precision(probabilities, targets)[2] == 0.0
    assert np.isnan(aucroc(probabilities, targets))
    assert np.isnan(d_prime(probabilities, targets))


def test_a_class_with_positives_only_makes_auc_nan():
    targets = np.array([[1, 0], [1, 1]], dtype=np.float32)
    probabilities = np.array([[0.3, 0.2], [0.4, 0.9]], dtype=np.float32)
    assert mAP(probabilities, targets) == 1.0
    assert np.isnan(aucroc(probabilities, targets))
