"""Counts against scikit-learn, rows in percent, names and lists of what is shown."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from benchmark.report.plots.confusion import confusion_counts, confusion_figure
from benchmark.results.predictions import Predictions, ScenePredictions
from tests.benchmark.report.plots.drawn import texts


def _scenes(classes: int, clips: int, seed: int = 0) -> ScenePredictions:
    rng = np.random.default_rng(seed)
    targets = np.eye(classes, dtype=np.float32)[rng.integers(classes, size=clips)]
    guesses = rng.random((clips, classes), dtype=np.float32) + targets / 2
    names = tuple(f"{clip}.wav" for clip in range(clips))
    return ScenePredictions(f"fold{seed}", names, guesses, targets)


def test_counts_of_all_folds_and_seeds_equal_sklearns() -> None:
    folds = (_scenes(7, 40), _scenes(7, 30, 1))
    seeds = [Predictions(tuple("abcdefg"), folds)] * 2
    counts = confusion_counts(seeds)
    true = np.concatenate([fold.targets.argmax(1) for fold in folds])
    guessed = np.concatenate([fold.probabilities.argmax(1) for fold in folds])
    assert counts is not None
    assert (counts == 2 * confusion_matrix(true, guessed, labels=range(7))).all()


def test_several_labels_in_a_clip_have_no_confusions() -> None:
    scenes = _scenes(3, 5)
    scenes.targets[2] = 1
    assert confusion_counts([Predictions(tuple("abc"), (scenes,))]) is None
    assert confusion_counts([]) is None


def test_shares_names_and_the_most_frequent_confusions() -> None:
    counts = np.array([[3, 1, 0], [0, 0, 0], [0, 2, 6]])
    figure = confusion_figure("scenes-v1", "ours", counts, ["dog", "silence", "rain"])
    (image,) = figure.axes[0].images
    shown = image.get_array()
    assert shown[[0, 2]].tolist() == [[75, 25, 0], [0, 25, 75]]
    assert shown.mask.tolist() == [[False] * 3, [True] * 3, [False] * 3]
    words = texts(figure)
    assert "scenes-v1: classes confused by ours 12 test clips, 75.0 % right" in words
    assert "dog → silence rain → silence" in words
    assert "25 % 25 %" in words
    assert "Grey rows: no test clip of the class." in words
    assert words.count("75") == 3  # two fields and a tick of the colours


@pytest.mark.parametrize(("classes", "named"), [(50, 50), (88, 88), (302, 76)])
def test_many_classes_with_long_names_keep_their_names_apart(classes: int, named: int) -> None:
    names = [f"a rather long name of a class {index}"[index % 7 :] for index in range(classes)]
    counts = np.eye(classes, dtype=np.int64)
    figure = confusion_figure("t" * 90, "m" * 90, counts, names)
    figure.draw_without_rendering()
    ticks = figure.axes[0].get_yticklabels()
    assert len(ticks) == named
    boxes = sorted((tick.get_window_extent() for tick in ticks), key=lambda box: box.y0)
    overlaps = [low.y1 - high.y0 for low, high in itertools.pairwise(boxes)]
    assert max(overlaps) < 2  # pixels
    assert "Nothing is confused." in texts(figure)
