"""Masks have the right share of ones, and no pattern over places or steps."""

import math

import pytest
import torch

from benchmark.heads.fast.layer import keep_mask, masked_relu_, masked_relu_gradient_


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("dropout", [0.0, 0.1, 0.5])
def test_the_share_of_kept_units(dropout, dtype):
    generator = torch.Generator().manual_seed(0)
    mask = keep_mask(1001, 997, dropout, dtype, generator)
    assert mask.shape == (1001, 997)
    assert mask.dtype == dtype
    assert set(mask.unique().tolist()) <= {0.0, 1.0}
    kept = mask.double().mean().item()
    spread = math.sqrt(dropout * (1 - dropout) / mask.numel())
    assert abs(kept - (1 - dropout)) < 4 * spread + 2**-16


def test_masks_are_uncorrelated_over_neighbours_and_steps():
    generator = torch.Generator().manual_seed(1)
    masks = [keep_mask(512, 512, 0.3, torch.float32, generator).flatten() for _ in range(2)]
    first, second = (mask - mask.mean() for mask in masks)
    pairs = [(first, second), *((first[lag:], first[:-lag]) for lag in (1, 2, 3, 4, 8, 512))]
    for a, b in pairs:
        correlation = (a * b).mean() / first.var()
        assert abs(correlation.item()) < 4 / math.sqrt(len(a))


def test_a_seed_gives_the_same_mask():
    masks = [
        keep_mask(8, 9, 0.5, torch.float32, torch.Generator().manual_seed(5)) for _ in range(2)
    ]
    assert torch.equal(*masks)


def test_masked_relu_and_its_gradient_are_those_of_the_product():
    torch.manual_seed(0)
    values = torch.randn(3, 8, 9, dtype=torch.float64, requires_grad=True)
    mask = keep_mask(8, 9, 0.3, torch.float64, torch.Generator().manual_seed(5))
    weights = torch.randn(3, 8, 9, dtype=torch.float64)
    wanted = torch.relu(values) * mask
    (gradient,) = torch.autograd.grad((wanted * weights).sum(), values)
    product = masked_relu_(values.detach().clone(), mask)
    assert torch.equal(product, wanted)
    assert torch.equal(masked_relu_gradient_(weights.clone(), product), gradient)
