"""Switches an encoder's layers to kernels of ours, if these do the same on its device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from msssl_common.messages import is_out_of_memory, one_printable_line
from msssl_hear.efficientnet import ChannelNorm, Depthwise
from msssl_hear.encoder import HOP_FRAMES, Encoder
from pretrain.precision import products
from pretrain.replay import apart

FRAMES = 64  # of the clips of the comparison, one of which is short
TOLERANCE = 2e-3
"""Of outputs and of gradients, relative, with full float32 products; rounding gives 1e-5."""


KINDS = {"norms": ChannelNorm, "depthwise convolutions": Depthwise}


def set_fused(encoder: Encoder, kind: type[ChannelNorm | Depthwise], fused: bool) -> None:
    """Switch all layers of a kind."""
    for module in encoder.modules():
        if isinstance(module, kind):
            module.fused = fused


def fuse(encoder: Encoder, device: torch.device) -> dict[str, str]:
    """Let an encoder use the kernels.

    They are compiled for its shapes and compared with the plain layers, forwards and backwards.

    Args:
        encoder: On the device.
        device: A CUDA device.

    Returns:
        Which kinds of layers do without, and why; empty if none does.
    """
    plain: list[Sequence[Tensor]] = []
    reasons = {}
    for name, kind in KINDS.items():
        if reason := _why_not(encoder, device, kind, plain):
            set_fused(encoder, kind, False)
            reasons[name] = reason
    return reasons


def _why_not(
    encoder: Encoder,
    device: torch.device,
    kind: type[ChannelNorm | Depthwise],
    plain: list[Sequence[Tensor]],
) -> str:
    """Switch a kind of layers, and say what speaks against it; fills ``plain`` if it is empty."""
    with products(device, "32-ieee"):
        try:
            plain[:] = plain or outputs_and_gradients(encoder, device)
            set_fused(encoder, kind, True)
            fused = outputs_and_gradients(encoder, device)
        except Exception as error:  # Triton's compiler and what it calls have errors of all kinds
            if is_out_of_memory(error):
                set_fused(encoder, kind, False)
                raise
            return one_printable_line(f"{type(error).__name__}: {error}", 300)
    difference = max(apart(f, p) for f, p in zip(fused, plain, strict=True))
    return "" if difference <= TOLERANCE else f"their numbers are {difference:.1e} apart"


def outputs_and_gradients(encoder: Encoder, device: torch.device) -> list[Sequence[Tensor]]:
    """Of random spectra: embeddings, and the gradients of kernels, of scales and of shifts."""
    generator = torch.Generator().manual_seed(0)
    spectra = torch.randn(3, FRAMES, encoder.config.n_mels, generator=generator)
    lengths = torch.tensor([FRAMES, FRAMES // 2 + 5, 1])
    found = encoder(spectra.to(device), lengths.to(device), contrast(encoder, device))
    weights = torch.randn(found.shape, generator=generator).to(device)
    named = {name: p for name, p in encoder.named_parameters() if p.requires_grad}
    gradients = torch.autograd.grad((found * weights).sum(), [*named.values()])
    pairs = [*zip(named, gradients, strict=True)]
    return [
        [found.detach()],
        [g for _, g in pairs if g.ndim > 1],
        [g for name, g in pairs if g.ndim == 1 and name.endswith("weight")],
        [g for name, g in pairs if g.ndim == 1 and name.endswith("bias")],
    ]


def contrast(encoder: Encoder, device: torch.device) -> Tensor | None:
    """What a pitch branch sees in the comparison: nothing, which it makes its shifts of."""
    if encoder.pitch_branch is None:
        return None
    frames = -(-FRAMES // HOP_FRAMES)
    return torch.zeros(3, frames, encoder.pitch_branch.linear.in_features, device=device)
