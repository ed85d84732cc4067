"""Accuracies against a loop over clips and values worked out by hand."""

import numpy as np
import pytest

from benchmark.scores.accuracy import chroma_acc, pitch_acc, top1_acc


def one_hot(classes, n):
    return np.eye(n, dtype=np.float32)[classes]


def test_top1_acc_of_a_handful_of_clips():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], dtype=np.float32)
    assert top1_acc(probabilities, one_hot([0, 1, 1], 2)) == pytest.approx(2 / 3)


def test_ties_go_to_the_lowest_index():
    probabilities = np.array([[0.5, 0.5], [0.5, 0.5]], dtype=np.float32)
    assert top1_acc(probabilities, one_hot([0, 1], 2)) == 0.5


def test_only_the_first_of_several_true_labels_counts():
    targets = np.array([[0, 1, 1]], dtype=np.float32)
    assert top1_acc(np.array([[0.1, 0.6, 0.3]], dtype=np.float32), targets) == 1.0
    assert top1_acc(np.array([[0.1, 0.3, 0.6]], dtype=np.float32), targets) == 0.0


def test_chroma_acc_forgives_octaves():
    probabilities = one_hot([0, 12, 13, 25], 36)
    targets = one_hot([12, 24, 12, 1], 36)
    assert pitch_acc(probabilities, targets) == 0.0
    assert chroma_acc(probabilities, targets) == 0.75


def test_accuracies_equal_a_loop_over_clips():
    rng = np.random.default_rng(0)
    probabilities = rng.random((200, 30)).astype(np.float32)
    truth = rng.integers(0, 30, 200)
    probabilities[np.arange(100), truth[:100]] += 1
    pairs = [(int(np.argmax(p)), int(t)) for p, t in zip(probabilities, truth, strict=True)]
    targets = one_hot(truth, 30)
    assert top1_acc(probabilities, targets) == sum(p == t for p, t in pairs) / 200
    assert chroma_acc(probabilities, targets) == sum(p % 12 == t % 12 for p, t in pairs) / 200
