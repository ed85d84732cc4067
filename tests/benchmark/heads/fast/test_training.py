"""A stack's whole training, plain and as a GPU does it: recorded, and judged late."""

import gc
from dataclasses import replace

import pytest
import torch

from benchmark.heads.fast import training as training_module
from benchmark.heads.fast.replay import GraphRecorder
from benchmark.heads.fast.rows import stack_rows
from benchmark.heads.fast.stack import HeadStack
from benchmark.heads.fast.training import Followed, StackTraining
from benchmark.heads.grid import GridPoint
from benchmark.heads.head import Head
from benchmark.heads.monitor import Monitored
from benchmark.heads.trained_head import EarlyStopping
from tests.benchmark.heads.fast.recorded import OperationCapture
from tests.benchmark.heads.fast.test_train import some_data

POINT = GridPoint(1, 16, 0.2, 1e-2, 20, 12, 2, 8, "xavier_uniform_")
RATES = (1e-2, 1e-3, 3e-2)
CPU = torch.device("cpu")


def judged(logits):
    """Better and worse in turns, and different for every head."""
    return Monitored(float(torch.sin(40 * logits[0]).mean()), None)


def trained(points, capture=None, kind="multiclass", monitor=judged):
    data = some_data(monitor)
    if kind == "multilabel":
        targets = torch.nn.functional.one_hot(data.rows.targets, 3).float()
        data = replace(data, rows=replace(data.rows, targets=targets), prediction_type=kind)
    torch.manual_seed(3)
    heads = [Head(data.size, data.classes, point) for point in points]
    rows = stack_rows(data, points[0], CPU)
    stack = HeadStack(
        heads,
        [point.lr for point in points],
        points[0].dropout,
        rows.dtype,
        torch.Generator().manual_seed(4),
        rows.centre,
    )
    followed = [
        Followed(row, point, EarlyStopping("max", point.patience))
        for row, point in enumerate(points)
    ]
    record = None if capture is None else GraphRecorder(stack, capture)
    done = StackTraining(stack, rows, followed, data, record)
    done.run()
    return done, followed


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
@pytest.mark.parametrize("layers", [0, 1, 2])
@pytest.mark.parametrize("size", [64, 2])  # of a recording: the whole epoch, or half of it
def test_recorded_epochs_give_the_same_bits(layers, kind, size, monkeypatch):
    monkeypatch.setattr(training_module, "RECORDED_STEPS", size)
    points = [replace(POINT, hidden_layers=layers, lr=rate) for rate in RATES]
    plain, followed = trained(points, kind=kind)
    capture = OperationCapture()
    played, others = trained(points, capture, kind)
    for one, other in zip(followed, others, strict=True):
        assert one.stopping.curve == other.stopping.curve
        assert (one.stopping.epoch, one.stopping.score) == (
            other.stopping.epoch,
            one.stopping.score,
        )
    for name, tensor in plain.best.items():
        assert torch.equal(tensor, played.best[name]), name
    parts = 1 if size == 64 else 2
    assert capture.captured == parts + 1  # and the validation
    assert capture.replayed == parts * (12 - 1) + 6 - 1  # the first of each is plain
    assert len({one.stopping.epoch for one in followed}) > 1  # the monitor tells heads apart


def test_heads_stop_at_the_same_validations_when_judged_late():
    points = [
        replace(POINT, patience=1, lr=1e-2),
        replace(POINT, patience=2, lr=3e-3),
        replace(POINT, max_epochs=7, check_val_every_n_epoch=3),
        replace(POINT, patience=3, lr=1e-3, check_val_every_n_epoch=1),
    ]
    calls = []

    def worse_each_time(logits):
        calls.append(logits[0].shape)
        return Monitored(1 / len(calls), None)

    found = []
    for capture in (None, OperationCapture()):
        calls.clear()
        done, followed = trained(points, capture, monitor=worse_each_time)
        curves = [[epoch for epoch, _ in one.stopping.curve] for one in followed]
        assert curves == [[1, 3], [1, 3, 5], [2, 5], [0, 1, 2, 3]]
        assert set(calls) == {(6, 3)}
        assert len(calls) == 11
        assert [one.stopping.epoch for one in followed] == [1, 1, 2, 0]
        found.append(done.best)
    for name, tensor in found[0].items():
        assert torch.allclose(tensor, found[1][name], rtol=1e-4, atol=1e-6), name


def test_a_late_judgement_keeps_the_weights_that_were_judged():
    """The best validation is the first; the stack trains on before that is known."""
    seen = []

    def worse(logits):
        seen.append(logits[0].clone())
        return Monitored(-float(len(seen)), None)

    done, _ = trained([replace(POINT, patience=1)], OperationCapture(), monitor=worse)
    done.stack.tensors = done.best
    done.stack.layers = done.stack._layers()
    (batch,) = stack_rows(some_data(worse), POINT, CPU).validation
    assert torch.equal(done.stack.logits([batch])[0].T, seen[0])
    assert len(seen) == 2


def test_embeddings_that_do_not_fit_are_trained_on_without_recordings(monkeypatch):
    points = [replace(POINT, lr=rate) for rate in RATES]
    kept, _ = trained(points)
    monkeypatch.setattr("benchmark.heads.fast.rows.KEPT_BYTES", 0)
    capture = OperationCapture()
    streamed, _ = trained(points, capture)
    assert capture.captured == 0
    for name, tensor in kept.best.items():
        assert torch.equal(tensor, streamed.best[name]), name


def test_updates_of_an_epoch_are_counted():
    done, _ = trained([replace(POINT, hidden_layers=0)] * 2)
    assert done.epoch_updates == 2 * 3 * (5 + 1) * 4  # heads, classes, weights; batches


def test_what_was_recorded_is_freed_when_the_training_ends():
    """Not when Python next looks for cycles: it is most of a GPU's memory."""
    freed = []

    class Watched(OperationCapture):
        def __call__(self, work, generator):
            again = super().__call__(work, generator)

            class Graph:
                def replay(self) -> None:
                    again()

                def __del__(self) -> None:
                    freed.append(1)

            return Graph().replay

    gc.disable()
    try:
        trained([POINT], Watched())
    finally:
        gc.enable()
    assert len(freed) == 2  # the epoch and the validation
