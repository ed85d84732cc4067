"""Switches an encoder's layers to kernels of ours for training, where these do the same."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import torch
from torch import Tensor

from msssl_common.messages import is_out_of_memory, one_printable_line
from msssl_hear.efficientnet import ChannelNorm, Depthwise
from msssl_hear.encoder import Encoder
from msssl_hear.fused_encoder import KINDS, contrast, set_fused
from pretrain.precision import Precision, products
from pretrain.replay import apart

FRAMES = 64  # of the clips of the comparison, one of which is short
TOLERANCE = 2e-3
"""Of outputs and of gradients, relative, with full float32 products; rounding gives 1e-5."""
MIXED_TOLERANCE = 0.1  # the same where products are of 16 bits, which round every gradient


class _Setting(NamedTuple):
    """What products round to in a comparison, and by how much results may then differ."""

    precision: Precision
    tolerance: float

    def rounding(self, device: torch.device) -> AbstractContextManager[object]:
        """16-bit products where the precision asks for them."""
        if not self.precision.endswith("mixed"):
            return nullcontext()
        kind = torch.bfloat16 if self.precision == "bf16-mixed" else torch.float16
        return torch.autocast(device.type, kind)


def fuse(
    encoder: Encoder, device: torch.device, precision: Precision = "32-true"
) -> dict[str, str]:
    """Let an encoder use the kernels.

    They are compiled for its shapes and compared with the plain layers, forwards and backwards.

    Args:
        encoder: On the device.
        device: A CUDA device.
        precision: Of the training; kernels of 16-bit tensors are others, and are compared, too.

    Returns:
        Which kinds of layers do without, and why; empty if none does.
    """
    settings = [_Setting("32-ieee", TOLERANCE)]
    if precision.endswith("mixed"):
        settings.append(_Setting(precision, MIXED_TOLERANCE))
    plain: dict[_Setting, list[Sequence[Tensor]]] = {}
    reasons = {}
    for name, kind in KINDS.items():
        if reason := _why_not(encoder, device, kind, settings, plain):
            set_fused(encoder, kind, False)
            reasons[name] = reason
    return reasons


def _why_not(
    encoder: Encoder,
    device: torch.device,
    kind: type[ChannelNorm | Depthwise],
    settings: Sequence[_Setting],
    plain: dict[_Setting, list[Sequence[Tensor]]],
) -> str:
    """Switch a kind of layers, and say what speaks against it; fills ``plain`` if it is empty."""
    try:
        if not plain:
            plain |= {one: outputs_and_gradients(encoder, device, one) for one in settings}
        set_fused(encoder, kind, True)
        for one in settings:
            fused = outputs_and_gradients(encoder, device, one)
            difference = max(apart(f, p) for f, p in zip(fused, plain[one], strict=True))
            if not difference <= one.tolerance:  # also where it is NaN
                return f"their numbers are {difference:.1e} apart"
    except Exception as error:  # Triton's compiler and what it calls have errors of all kinds
        if is_out_of_memory(error):
            set_fused(encoder, kind, False)
            raise
        return one_printable_line(f"{type(error).__name__}: {error}", 300)
    return ""


def outputs_and_gradients(
    encoder: Encoder, device: torch.device, setting: _Setting
) -> list[Sequence[Tensor]]:
    """Of random spectra: embeddings, and the gradients of kernels, of scales and of shifts."""
    generator = torch.Generator().manual_seed(0)
    spectra = torch.randn(3, FRAMES, encoder.config.n_mels, generator=generator).to(device)
    lengths = torch.tensor([FRAMES, FRAMES // 2 + 5, 1]).to(device)
    seen = contrast(encoder, 3, FRAMES, device)
    named = {name: p for name, p in encoder.named_parameters() if p.requires_grad}
    with products(device, setting.precision):
        with setting.rounding(device):
            found = encoder(spectra, lengths, seen)
        weights = torch.randn(found.shape, generator=generator).to(device)
        gradients = torch.autograd.grad((found * weights).sum(), [*named.values()])
    pairs = [*zip(named, gradients, strict=True)]
    return [
        [found.detach()],
        [g for _, g in pairs if g.ndim > 1],
        [g for name, g in pairs if g.ndim == 1 and name.endswith("weight")],
        [g for name, g in pairs if g.ndim == 1 and name.endswith("bias")],
    ]
