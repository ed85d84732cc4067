"""A stack of heads against the same heads trained one by one with plain torch."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from benchmark.heads.fast.stack import HeadStack, head_states
from benchmark.heads.grid import GridPoint
from benchmark.heads.head import Head
from benchmark.heads.outputs import head_loss

SIZE, CLASSES, ROWS = 6, 4, 32
RATES = (1e-2, 3e-3, 1e-3)


def some_heads(layers):
    torch.manual_seed(1)
    point = GridPoint(layers, 16, 0.0, 1e-2, 3, 5, 1, 32, "xavier_normal_")
    heads = [Head(SIZE, CLASSES, point) for _ in RATES]
    for head in heads:  # BatchNorm takes away what these add; on rounding errors they would wander
        for linear, _ in head.block_names:
            nn.init.zeros_(head.get_submodule(linear).bias).requires_grad_(False)
    return heads


def some_batches(kind, count=4):
    torch.manual_seed(2)
    inputs = torch.randn(count, ROWS, SIZE)
    if kind == "multiclass":
        return inputs, torch.randint(CLASSES, (count, ROWS))
    return inputs, (torch.rand(count, ROWS, CLASSES) < 0.3).float()


def stack_of(heads, dropout=0.0, dtype=torch.float32, centre=None):
    centre = torch.zeros(SIZE) if centre is None else centre
    generator = torch.Generator().manual_seed(3)
    return HeadStack(heads, RATES[: len(heads)], dropout, dtype, generator, centre)


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
@pytest.mark.parametrize("layers", [0, 1, 2])
@pytest.mark.parametrize("offset", [0.0, 20.0])
def test_without_dropout_each_head_learns_as_it_would_alone(layers, kind, offset):
    """Also on embeddings with a large mean, which the stack gets without it: BatchNorm's running
    mean lags behind the moving weights as it does for the heads alone."""
    heads = some_heads(layers)
    alone = deepcopy(heads)
    inputs, targets = some_batches(kind)
    centre = torch.full((SIZE,), offset) if layers else torch.zeros(SIZE)
    stack = stack_of(heads, centre=centre)
    inputs = inputs + offset
    for batch, wanted in zip(inputs, targets, strict=True):
        stack.step((batch - centre).T.contiguous(), wanted, kind)
    for index, (head, rate) in enumerate(zip(alone, RATES, strict=True)):
        optimizer = torch.optim.Adam(head.parameters(), lr=rate)
        for batch, wanted in zip(inputs, targets, strict=True):
            optimizer.zero_grad()
            head_loss(head(batch), wanted, kind).backward()
            optimizer.step()
        found = head_states(stack.tensors, heads)[index]
        for name, value in head.state_dict().items():
            if not name.endswith("tracked"):
                assert torch.allclose(found[name], value, rtol=2e-3, atol=1e-4), name
        logits = stack.logits([(inputs[0] - centre).T.contiguous()])[index].T
        assert torch.allclose(logits, head.eval()(inputs[0]), atol=2e-3)


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_validation_logits_are_those_of_the_head_itself(layers):
    heads = some_heads(layers)
    stack = stack_of(heads, dropout=0.1)
    inputs, targets = some_batches("multiclass")
    for batch, wanted in zip(inputs, targets, strict=True):
        stack.step(batch.T.contiguous(), wanted, "multiclass")
    logits = stack.logits([inputs[1].T.contiguous()])
    both = stack.logits([batch.T.contiguous() for batch in inputs[:2]])
    assert torch.allclose(both[:, :, ROWS:], logits, atol=1e-6)
    for index, head in enumerate(heads):
        head.load_state_dict(head_states(stack.tensors, heads)[index])
        assert torch.allclose(logits[index].T, head.eval()(inputs[1]), atol=1e-5)


def test_a_head_learns_the_same_beside_others_and_after_others_were_dropped():
    inputs, targets = some_batches("multiclass", count=6)
    states = []
    for dropped_after in (None, 2):
        heads = some_heads(2)
        stack = stack_of(heads, dropout=0.2)
        for number, (batch, wanted) in enumerate(zip(inputs, targets, strict=True)):
            if number == dropped_after:
                stack.keep([1])
            stack.step(batch.T.contiguous(), wanted, "multiclass")
        left = heads if dropped_after is None else heads[1:2]
        states.append(head_states(stack.tensors, left)[left.index(heads[1])])
    for name, value in states[0].items():
        assert torch.allclose(value, states[1][name], rtol=1e-4, atol=1e-6), name


def test_bfloat16_products_learn_nearly_the_same():
    inputs, targets = some_batches("multiclass", count=30)
    logits = []
    for dtype in (torch.float32, torch.bfloat16):
        stack = stack_of(some_heads(1), dtype=dtype)
        for batch, wanted in zip(inputs, targets, strict=True):
            stack.step(batch.T.contiguous().to(dtype), wanted, "multiclass")
        logits.append(stack.logits([inputs[0].T.contiguous().to(dtype)]))
    assert logits[1].dtype == torch.float32
    difference = (logits[0] - logits[1]).abs().mean() / logits[0].std()
    assert 0 < difference < 0.1
