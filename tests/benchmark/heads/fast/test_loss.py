"""The gradients that a GPU gets written out against autograd's."""

import pytest
import torch

from benchmark.heads.fast.loss import loss_gradients, written_gradients


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
def test_written_gradients_are_autograds(kind):
    torch.manual_seed(0)
    logits = 5 * torch.randn(3, 4, 32)
    targets = torch.randint(4, (32,))
    if kind == "multilabel":
        targets = (torch.rand(32, 4) < 0.3).float()
    before = logits.clone()
    found = written_gradients(logits, targets, kind)
    assert torch.equal(logits, before)
    assert torch.allclose(found, loss_gradients(logits, targets, kind), rtol=1e-5, atol=1e-8)
