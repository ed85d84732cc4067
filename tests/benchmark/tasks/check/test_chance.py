"""Chance levels against the scores themselves, given constant predictions."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmark.scores import scene_score
from benchmark.tasks.check.check_task import check_task
from tests.benchmark.tasks.made_task import make_task

VOCABULARY = tuple(str(60 + index) for index in range(15))
SCORES = ["top1_acc", "pitch_acc", "chroma_acc", "mAP", "aucroc", "d_prime"]


def draw(generator: np.random.Generator, clips: int, most: int) -> list[list[str]]:
    """Labels of clips: the low ones are more frequent; every class comes at least once."""
    first = [[label] for label in VOCABULARY]
    share = np.arange(15, 0, -1) / 120
    return first + [
        sorted(generator.choice(VOCABULARY, generator.integers(1, most + 1), False, share))
        for _ in range(clips)
    ]


def targets(labels: list[list[str]]) -> np.ndarray:
    return np.array([[label in own for label in VOCABULARY] for own in labels], np.float32)


@pytest.mark.parametrize("most", [1, 3])
def test_chance_is_what_constant_predictions_score(tmp_path: Path, most: int) -> None:
    generator = np.random.default_rng(0)
    labels = {s: draw(generator, 20, most) for s in ("train", "valid", "test")}
    kind = "multiclass" if most == 1 else "multilabel"
    clips = {s: {f"{i}.wav": own for i, own in enumerate(labels[s])} for s in labels}
    folder = make_task(
        tmp_path / "made",
        clips,
        VOCABULARY,
        seconds=0.01,
        prediction_type=kind,
        evaluation=SCORES,
    )
    chance = check_task(folder, lambda done, total: None).chance
    train, test = targets(labels["train"]), targets(labels["test"])
    constant = np.full_like(test, 0.5)
    assert chance["mAP"] == pytest.approx(average_precision_score(test, constant))
    assert chance["aucroc"] == pytest.approx(roc_auc_score(test, constant))
    assert chance["d_prime"] == scene_score("d_prime")(constant, test)
    for name in ("top1_acc", "pitch_acc", "chroma_acc"):
        # The constant class that scores best on the training clips.
        ones = np.eye(len(VOCABULARY), dtype=np.float32)
        on_train = [scene_score(name)(np.tile(one, (len(train), 1)), train) for one in ones]
        best = ones[int(np.argmax(on_train))]
        wanted = scene_score(name)(np.tile(best, (len(test), 1)), test)
        assert chance[name] == pytest.approx(wanted)


def test_mean_over_folds(tmp_path: Path) -> None:
    counts = {"fold00": (3, 1), "fold01": (1, 3), "fold02": (2, 2)}
    labels = {
        fold: {f"{i}.wav": ["cat" if i < cats else "dog"] for i in range(cats + dogs)}
        for fold, (cats, dogs) in counts.items()
    }
    folder = make_task(tmp_path / "made", labels, split_mode="presplit_kfold", seconds=0.01)
    # Fold i + 1 validates. Fold 0 trains on 2 (2, 2): cat; fold 1 on 0: cat; fold 2 on 1: dog.
    chance = check_task(folder, lambda done, total: None).chance
    assert chance == {"top1_acc": pytest.approx((3 / 4 + 1 / 4 + 2 / 4) / 3)}


def test_no_level_for_event_scores_and_for_what_cannot_be_read(tmp_path: Path) -> None:
    labels = {s: {"a.wav": ["cat"]} for s in ("train", "valid", "test")}
    folder = make_task(tmp_path / "made", labels)
    (folder / "test.json").write_text("[]")
    assert check_task(folder, lambda done, total: None).chance == {"top1_acc": None}
    content = json.loads((folder / "task_metadata.json").read_text())
    content |= {"embedding_type": "event", "evaluation": ["segment_1s_er", "event_onset_50ms_fms"]}
    (folder / "task_metadata.json").write_text(json.dumps(content))
    chance = check_task(folder, lambda done, total: None).chance
    assert chance == {"segment_1s_er": None, "event_onset_50ms_fms": None}
