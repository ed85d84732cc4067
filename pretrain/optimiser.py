"""Learning rate and optimiser: AdamW, linear warm-up, cosine decay (Loshchilov & Hutter 2017)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pretrain.recipe import OptimiserArgs

OF_THE_DEVICE = ("lr", "fused", "foreach", "capturable")
"""Settings of a group that say how a step is made; the rate is kept in the form that it has."""


def make_optimiser(
    module: nn.Module, args: OptimiserArgs, fused: bool = False
) -> torch.optim.AdamW:
    """AdamW that decays matrices and kernels, but not norms and biases.

    Args:
        module: What is trained.
        args: Settings.
        fused: Whether all weights are moved at once, for a GPU; they differ in the last bits.
    """
    weights = [p for p in module.parameters() if p.ndim >= 2]
    others = [p for p in module.parameters() if p.ndim < 2]
    groups = [
        {"params": weights, "weight_decay": args.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=args.learning_rate, fused=fused or None)


def hold_learning_rate(optimiser: torch.optim.Optimizer, device: torch.device) -> None:
    """Make the rate a tensor, which a recorded step reads anew each time."""
    dtype = torch.float32 if device.type == "cuda" else torch.float64  # of torch's fused kernel
    rate = torch.zeros((), dtype=dtype, device=device)
    for group in optimiser.param_groups:
        group["lr"] = rate.fill_(group["lr"])


def capturable(optimiser: torch.optim.Optimizer) -> None:
    """Say whether the step to come is being recorded, which torch asks of fused optimisers, too."""
    recorded = torch.cuda.is_available() and torch.cuda.is_current_stream_capturing()
    for group in optimiser.param_groups:
        group["capturable"] = recorded


def moved_tensors(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    """What a step writes to: weights, their moments, and scalars that count steps."""
    weights = [p for group in optimiser.param_groups for p in group["params"] if p.requires_grad]
    moments = [value for state in optimiser.state.values() for value in state.values()]
    return [p.detach() for p in weights] + [x for x in moments if isinstance(x, Tensor)]


def load_optimiser(optimiser: torch.optim.Optimizer, state: Mapping[str, Any]) -> None:
    """Go back to a saved state, also of another device; how a step is made stays as it is here."""
    here = [{name: group[name] for name in OF_THE_DEVICE} for group in optimiser.param_groups]
    groups = [{**saved, **own} for saved, own in zip(state["param_groups"], here, strict=True)]
    optimiser.load_state_dict({**state, "param_groups": groups})
    for group, own in zip(optimiser.param_groups, here, strict=True):
        group.update(own)  # torch has copied the rate's tensor, which a recorded step reads
    # A run that was killed after its last step makes none, and saves the same state again.
    set_learning_rate(optimiser, float(state["param_groups"][0]["lr"]))


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
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate
