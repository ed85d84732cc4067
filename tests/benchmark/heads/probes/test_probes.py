import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmark.heads.evaluate import evaluate_task
from benchmark.heads.lazy_rows import StoredEmbeddings
from benchmark.heads.probes.evaluate import evaluate_probe
from benchmark.heads.probes.linear import ABSENT, CS, linear_probes
from benchmark.heads.probes.neighbours import KS, Neighbours
from benchmark.protocol import Protocol
from tests.benchmark.heads.small_tasks import (
    event_splits,
    make_event_task,
    make_task,
    scene_split,
    scene_splits,
)

LINEAR, KNN = Protocol("default", probe="linear"), Protocol("default", probe="knn")


def training(classes: int = 3, clips: int = 60) -> tuple[np.ndarray, np.ndarray]:
    task = make_task(vocabulary=tuple("abcdefgh"[:classes]))
    split = scene_split(task, "train", clips=clips)
    return 5 + 3 * split.embeddings, split.targets  # neither centred nor scaled


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_linear_probes_are_scikit_learns_on_standardised_embeddings(classes: int) -> None:
    embeddings, targets = training(classes)
    for c, probe in linear_probes(embeddings, targets, True):
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=c, tol=1e-8, max_iter=5000))
        pipeline.fit(embeddings.astype(np.float64), targets.argmax(axis=1))
        found = torch.softmax(probe.logits(StoredEmbeddings([embeddings])), 1).numpy()
        assert found == pytest.approx(pipeline.predict_proba(embeddings), abs=2e-3), c


def test_a_linear_probe_is_where_the_penalised_loss_is_least() -> None:
    """The gradient by a loop over rows and classes: C * sum of (p - y) x + w = 0."""
    embeddings, targets = training(3, 30)
    probes = dict(linear_probes(embeddings, targets, True))
    probe = probes[0.1]
    weights = probe.weight - probe.weight.mean(axis=1, keepdims=True)
    assert weights == pytest.approx(probe.weight, abs=1e-2)  # of equal fits the smallest
    gradient = probe.weight.copy()
    for row, target in zip(embeddings.astype(np.float64), targets, strict=True):
        x = (row - probe.mean) / probe.deviation
        logits = [sum(x * probe.weight[:, k]) + probe.bias[k] for k in range(3)]
        total = sum(math.exp(logit) for logit in logits)
        for k in range(3):
            gradient[:, k] += 0.1 * (math.exp(logits[k]) / total - target[k]) * x
    assert np.abs(gradient).max() < 2e-3
    assert np.abs(probe.weight).max() > 0.1


def test_multilabel_probes_are_a_regression_per_class() -> None:
    embeddings, _ = training()
    generator = np.random.default_rng(0)
    targets = (generator.random((60, 3)) < 0.4).astype(np.float32)
    targets[:, 2] = 0  # never there
    probe = dict(linear_probes(embeddings, targets, False))[1.0]
    logits = probe.logits(StoredEmbeddings([embeddings])).numpy()
    rows = StandardScaler().fit_transform(embeddings.astype(np.float64))
    for column in range(2):
        alone = LogisticRegression(C=1.0, tol=1e-8).fit(rows, targets[:, column])
        assert logits[:, column] == pytest.approx(alone.decision_function(rows), abs=2e-2)
    assert (logits[:, 2] == ABSENT).all()


def test_a_class_without_training_clips_is_never_predicted() -> None:
    embeddings, targets = training()
    seen = targets[:, 1] == 0
    for _, probe in linear_probes(embeddings[seen], targets[seen], True):
        logits = probe.logits(StoredEmbeddings([embeddings])).numpy()
        assert (logits[:, 1] == ABSENT).all()
        assert (logits.argmax(axis=1) != 1).all()
    one = targets[:, 0] == 1
    (_, probe), *_ = linear_probes(embeddings[one], targets[one], True)
    assert (probe.logits(StoredEmbeddings([embeddings])).argmax(1) == 0).all()


def test_neighbours_by_a_loop_and_by_scikit_learn() -> None:
    embeddings, targets = training()
    test = scene_split(make_task(), "test", clips=20).embeddings
    found = dict(Neighbours(embeddings, targets, True, KS).logits(StoredEmbeddings([test])))
    assert list(found) == list(KS)
    for k, logits in found.items():
        shares = (torch.softmax(logits, 1).numpy() * (k + 1)) - 1 / 3
        known = KNeighborsClassifier(k, metric="cosine").fit(embeddings, targets.argmax(axis=1))
        assert shares / k == pytest.approx(known.predict_proba(test), abs=1e-5)
        for row, share in zip(test.astype(np.float64), shares, strict=True):
            cosines = [
                sum(row * other) / math.sqrt(sum(row**2) * sum(other**2))
                for other in embeddings.astype(np.float64)
            ]
            nearest = sorted(range(60), key=lambda i: -cosines[i])[:k]
            assert share == pytest.approx(sum(targets[i] for i in nearest), abs=1e-4)


@pytest.mark.parametrize(
    ("protocol", "name", "values"), [(LINEAR, "C", CS), (KNN, "neighbours", KS)]
)
def test_the_setting_is_chosen_on_the_validation_split(protocol, name, values) -> None:
    task = make_task()
    splits = scene_splits(task)
    (fold,) = evaluate_probe(task, splits, protocol).folds
    train, valid, test = (splits[split] for split in ("train", "valid", "test"))

    def accuracy(value: float, split) -> float:
        if name == "C":
            model = make_pipeline(StandardScaler(), LogisticRegression(C=value, max_iter=1000))
        else:
            model = KNeighborsClassifier(value, metric="cosine")
        model.fit(train.embeddings, train.targets.argmax(axis=1))
        return float(model.score(split.embeddings, split.targets.argmax(axis=1)))

    scores = [accuracy(value, valid) for value in values]
    best = values[scores.index(max(scores))]  # the first of equals
    assert fold.hyperparameters == {name: best}
    assert fold.validation_score == pytest.approx(max(scores))
    assert fold.scores["top1_acc"] == pytest.approx(accuracy(best, test))
    assert 0 < fold.scores["test_loss"] < 2


def test_folds_share_a_setting_unless_rules_are_strict() -> None:
    names = ("fold00", "fold01", "fold02", "fold03")
    task = make_task(split_mode="presplit_kfold", splits=names)
    splits = {name: scene_split(task, name, clips=25) for name in names}
    published = evaluate_probe(task, splits, KNN)
    assert len({fold.hyperparameters["neighbours"] for fold in published.folds}) == 1
    strict = evaluate_probe(task, splits, Protocol("default", probe="knn", rules="strict"))
    assert strict.folds[0].scores == published.folds[0].scores
    assert len({fold.hyperparameters["neighbours"] for fold in strict.folds}) > 1


def test_events_by_a_linear_probe_alone() -> None:
    task = make_event_task()
    splits = event_splits(task)
    (fold,) = evaluate_probe(task, splits, LINEAR).folds
    head = evaluate_task(task, splits, Protocol("faster")).folds[0]
    assert set(fold.scores) == set(head.scores)
    assert fold.scores["event_onset_200ms_fms"] > 0.8  # the classes are linearly separable
    assert dict(fold.postprocessing).keys() == {"median_filter_ms", "min_duration"}
    with pytest.raises(ValueError, match="knn is for scene and pitch tasks"):
        evaluate_probe(task, splits, KNN)
    with pytest.raises(ValueError, match="Shots are clips of a class"):
        evaluate_probe(task, splits, Protocol("default", probe="linear", shots=1))
