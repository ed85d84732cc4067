"""Training against an upstream-like loop with a DataLoader, and early stopping by script."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmark.events.postprocessing import Postprocessing
from benchmark.heads.exact import train_head, training_batches
from benchmark.heads.fold_data import FoldData
from benchmark.heads.grid import GridPoint
from benchmark.heads.head import Head
from benchmark.heads.monitor import Monitored, Selection
from benchmark.heads.rows import Rows
from benchmark.tasks.task import Fold

POINT = GridPoint(
    hidden_layers=2,
    hidden_dim=16,
    dropout=0.1,
    lr=1e-2,
    patience=20,
    max_epochs=6,
    check_val_every_n_epoch=3,
    batch_size=10,
    initialization="xavier_normal_",
)


def some_rows(count=25, size=5, classes=3):
    generator = torch.Generator().manual_seed(1)
    embeddings = torch.randn(count, size, generator=generator)
    return Rows(embeddings, torch.randint(classes, (count,), generator=generator))


def some_data(rows, validation, monitor, mode="max"):
    fold = Fold(("train",), "valid", "test")
    judge = Selection(monitor, "score", mode)
    return FoldData(fold, rows, 3, "multiclass", validation, judge)


def upstream_module(size, classes, layers, hidden):
    """Layers in heareval's order of random draws: default initialisation, then Xavier's."""
    modules, gain = [], 1.0
    for _ in range(layers):
        linear = nn.Linear(size, hidden)
        nn.init.xavier_normal_(linear.weight, gain=gain)
        modules += [linear, nn.BatchNorm1d(hidden), nn.Dropout(0.1), nn.ReLU()]
        size, gain = hidden, nn.init.calculate_gain("relu")
    projection = nn.Linear(size, classes)
    nn.init.xavier_normal_(projection.weight, gain=gain)
    return nn.Sequential(*modules, projection)


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_initial_weights_equal_upstreams(layers):
    torch.manual_seed(3)
    expected = upstream_module(5, 3, layers, 16).state_dict()
    torch.manual_seed(3)
    found = Head(5, 3, replace(POINT, hidden_layers=layers)).state_dict()
    for ours, theirs in zip(found.values(), expected.values(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_training_equals_upstreams_loop_to_the_bit_and_leaves_the_same_random_stream():
    rows = some_rows()
    validation = torch.randn(7, 5, generator=torch.Generator().manual_seed(2))

    torch.manual_seed(4)
    module = upstream_module(5, 3, 2, 16)
    torch.rand(64, 5)  # torchinfo.summary
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-2)
    train_loader = DataLoader(TensorDataset(rows.embeddings, rows.targets), batch_size=10)
    valid_loader = DataLoader(TensorDataset(validation), batch_size=10)
    expected_logits = []
    for epoch in range(6):
        module.train()
        for x, y in train_loader:
            loss = nn.CrossEntropyLoss()(module(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if (epoch + 1) % 3 == 0:
            module.eval()
            with torch.no_grad():
                expected_logits.append(torch.cat([module(x) for (x,) in valid_loader]))
    expected_draw = torch.rand(1)

    torch.manual_seed(4)
    seen = []

    def monitor(logits):
        seen.append(torch.cat(logits))
        return Monitored(float(len(seen)), None)

    trained = train_head(POINT, some_data(rows, validation, monitor))
    assert torch.equal(torch.rand(1), expected_draw)
    assert len(seen) == 2
    for ours, theirs in zip(seen, expected_logits, strict=True):
        assert torch.equal(ours, theirs)
    for ours, theirs in zip(
        trained.head.state_dict().values(), module.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs)


def scripted(scores, mode="max", **changes):
    """Train with a monitor that returns given scores; the post-processing counts its calls."""
    calls = iter(enumerate(scores))

    def monitor(_):
        number, score = next(calls)
        return Monitored(score, Postprocessing(number, 0))

    point = replace(POINT, max_epochs=len(scores), check_val_every_n_epoch=1, **changes)
    trained = train_head(point, some_data(some_rows(), torch.zeros(4, 5), monitor, mode))
    validations = next(calls, (len(scores),))[0]
    return trained, validations


def test_the_first_of_equal_scores_is_kept_with_its_postprocessing():
    trained, _ = scripted([0.1, 0.5, 0.5, 0.2])
    assert (trained.score, trained.epoch) == (0.5, 1)
    assert trained.postprocessing == Postprocessing(1, 0)


def test_training_stops_after_patience_validations_without_improvement():
    trained, validations = scripted([0.5, 0.4, 0.5, 0.6, 0.1, 0.2, 0.3, 0.9], patience=3)
    assert validations == 7
    assert (trained.score, trained.epoch) == (0.6, 3)
    assert trained.curve == tuple(enumerate([0.5, 0.4, 0.5, 0.6, 0.1, 0.2, 0.3]))


def test_smaller_is_better_in_min_mode():
    trained, validations = scripted([3.0, 2.0, 2.5, 2.0, 1.0], mode="min", patience=2)
    assert validations == 4
    assert (trained.score, trained.epoch) == (2.0, 1)


@pytest.mark.parametrize(("mode", "worst"), [("max", -math.inf), ("min", math.inf)])
def test_nan_stops_training_at_once_and_counts_as_the_worst_score(mode, worst):
    trained, validations = scripted([math.nan, 0.5], mode=mode)
    assert validations == 1
    assert (trained.score, trained.epoch) == (worst, 0)


def test_nan_after_a_finite_score_keeps_that_score():
    trained, validations = scripted([0.3, math.nan, 0.9])
    assert validations == 2
    assert (trained.score, trained.epoch) == (0.3, 0)


def test_an_infinite_score_is_kept_and_stops_training():
    trained, validations = scripted([0.3, math.inf, 0.9])
    assert validations == 2
    assert (trained.score, trained.epoch) == (math.inf, 1)


def test_the_kept_weights_are_those_of_the_best_epoch():
    torch.manual_seed(5)
    best, _ = scripted([0.1, 0.9, 0.2, 0.3])
    torch.manual_seed(5)
    shorter, _ = scripted([0.1, 0.9])
    assert best.epoch == shorter.epoch == 1
    for one, other in zip(
        best.head.state_dict().values(), shorter.head.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)


def sizes(rows, **changes):
    return [len(b.embeddings) for b in training_batches(rows, replace(POINT, **changes))]


def test_a_last_batch_of_one_row_joins_the_batch_before_where_there_is_batch_norm():
    assert sizes(some_rows(25)) == [10, 10, 5]
    assert sizes(some_rows(21)) == [10, 11]
    assert sizes(some_rows(11)) == [11]
    assert sizes(some_rows(21), hidden_layers=0) == [10, 10, 1]
    assert sizes(some_rows(1), hidden_layers=0) == [1]


def test_a_single_training_row_is_refused():
    with pytest.raises(ValueError, match="one training row only"):
        training_batches(some_rows(1), POINT)
