"""What selects a head where the validation split leaves the task's first score undefined."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from benchmark.heads import evaluate_task
from benchmark.heads.monitor import selection
from benchmark.protocol import Protocol
from tests.benchmark.heads.small_tasks import event_split, make_event_task, make_task, scene_split

TASK = make_task(prediction_type="multilabel", evaluation=("aucroc", "mAP"))
FIXED = {"patience": [3], "max_epochs": [6], "check_val_every_n_epoch": [1], "lr": [0.01]}


def without(split, *classes):
    """The split without positives of some classes."""
    targets = split.targets.copy()
    targets[:, list(classes)] = 0
    return replace(split, targets=targets)


def logits_for(split):
    return torch.from_numpy(np.random.default_rng(0).standard_normal(split.targets.shape)).float()


@pytest.mark.parametrize("score", ["aucroc", "d_prime"])
def test_classes_without_positives_are_left_out_of_the_mean(score) -> None:
    split = without(scene_split(TASK, "valid"), 1)
    chosen = selection(replace(TASK, evaluation=(score,)), split, "published")
    assert (chosen.name, chosen.mode) == (score, "max")
    assert f"the mean {score} of 2 of 3 classes: in the split valid the other one" in chosen.instead
    logits = logits_for(split)
    found = chosen.monitor([logits]).score
    kept = [0, 2]
    areas = roc_auc_score(split.targets[:, kept], logits.numpy()[:, kept], average=None)
    if score == "aucroc":
        assert found == pytest.approx(areas.mean(), rel=1e-6)
    else:
        from scipy.stats import norm

        assert found == pytest.approx(np.sqrt(2) * norm.ppf(areas).mean(), rel=1e-6)


def test_where_every_class_is_one_sided_the_loss_selects() -> None:
    split = without(scene_split(TASK, "valid"), 0, 1, 2)
    chosen = selection(TASK, split, "published")
    assert (chosen.name, chosen.mode) == ("loss", "min")
    assert "the loss: in the split valid every class has no clips" in chosen.instead
    logits = logits_for(split)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.zeros(60, 3))
    assert chosen.monitor([logits]).score == pytest.approx(expected.item())


@pytest.mark.parametrize("score", ["event_onset_200ms_fms", "segment_1s_er"])
@pytest.mark.parametrize("rules", ["published", "strict"])
def test_a_validation_split_without_events_selects_by_loss(score, rules) -> None:
    task = make_event_task(evaluation=(score,))
    split = event_split(task, "valid")
    assert selection(task, split, rules).instead == ""
    empty = replace(split, events={clip: [] for clip in split.clips})
    chosen = selection(task, empty, rules)
    assert (chosen.name, chosen.mode) == ("loss", "min")
    assert "the split valid has no events" in chosen.instead
    found = chosen.monitor([torch.zeros(split.targets.shape)])
    assert math.isfinite(found.score)
    assert found.postprocessing == (250, 250)  # the larger, as of all equal ones upstream


@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_the_head_is_of_the_best_epoch_and_the_result_says_what_chose_it(mode) -> None:
    task = replace(TASK, param_grid=FIXED)
    splits = {name: scene_split(task, name) for name in task.splits}
    splits["valid"] = without(splits["valid"], 2)
    result = evaluate_task(task, splits, Protocol("faster", mode=mode, grid_points=1))
    (fold,) = result.folds
    curve = dict(fold.validation_curve)
    assert len(curve) > 1
    assert all(map(math.isfinite, curve.values()))
    assert curve[fold.epoch] == max(curve.values()) == fold.validation_score
    assert "the mean aucroc of 2 of 3 classes" in fold.selected_by


def test_defined_scores_select_as_ever() -> None:
    split = scene_split(TASK, "valid")
    for name in ("aucroc", "d_prime", "mAP"):
        chosen = selection(replace(TASK, evaluation=(name,)), split, "published")
        assert (chosen.name, chosen.instead) == (name, "")
    lacking = without(split, 1)
    assert selection(replace(TASK, evaluation=("mAP",)), lacking, "published").instead == ""
