"""Learning rate and optimiser: AdamW, linear warm-up, cosine decay (Loshchilov & Hutter 2017)."""

from __future__ import annotations

import math

import torch
from torch import nn

from pretrain.recipe import OptimiserArgs


def make_optimiser(module: nn.Module, args: OptimiserArgs) -> torch.optim.AdamW:
    """AdamW that decays matrices and kernels, but not norms and biases."""
    weights = [p for p in module.parameters() if p.ndim >= 2]
    others = [p for p in module.parameters() if p.ndim < 2]
    groups = [
        {"params": weights, "weight_decay": args.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=args.learning_rate)


def learning_rate(step: int, steps: int, peak: float, warmup_share: float) -> float:
    """Rate of a step: up in a line over the first share of the steps, then down a half cosine.

    Args:
        step: 0 to steps - 1.
        steps: Of the whole run.
        peak: Highest rate.
        warmup_share: Share of the steps, in [0, 1).
    """
    warmup = round(steps * warmup_share)
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = (step - warmup) / max(steps - warmup, 1)
    return peak * 0.5 * (1.0 + math.cos(math.pi * progress))


def set_learning_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give every group this rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate
