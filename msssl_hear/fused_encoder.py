"""Switches an encoder's layers to kernels of ours, where these do the same on its device."""

from __future__ import annotations

import torch

from msssl_hear.efficientnet import ChannelNorm, Depthwise
from msssl_hear.encoder import HOP_FRAMES, Encoder

KINDS = {"norms": ChannelNorm, "depthwise convolutions": Depthwise}

FRAMES = 64  # of the comparison's clips
TOLERANCE = 1e-3
"""Of an embedding's length. Where products keep 10 bits (TF32), rounding alone gives 2e-4."""


def set_fused(encoder: Encoder, kind: type[ChannelNorm | Depthwise], fused: bool) -> None:
    """Switch all layers of a kind."""
    for module in encoder.modules():
        if isinstance(module, kind):
            module.fused = fused


def set_plain(encoder: Encoder) -> None:
    """Switch all layers back."""
    for kind in KINDS.values():
        set_fused(encoder, kind, False)


def contrast(
    encoder: Encoder, clips: int, frames: int, device: torch.device
) -> torch.Tensor | None:
    """What a pitch branch sees in a comparison: nothing, which it makes its shifts of."""
    if encoder.pitch_branch is None:
        return None
    positions = -(-frames // HOP_FRAMES)
    bins = encoder.pitch_branch.linear.in_features
    return torch.zeros(clips, positions, bins, device=device)


@torch.no_grad()
def fuse_for_embedding(encoder: Encoder, device: torch.device) -> dict[str, str]:
    """Let an encoder use the kernels, forwards alone.

    They are compiled for its shapes, once on a machine, and compared with the plain layers.

    Args:
        encoder: On the device.
        device: A CUDA device.

    Returns:
        Which kinds of layers do without, and why; empty if none does.
    """
    generator = torch.Generator().manual_seed(0)
    spectra = torch.randn(3, FRAMES, encoder.config.n_mels, generator=generator).to(device)
    seen = contrast(encoder, 3, FRAMES, device)
    set_plain(encoder)
    plain = encoder(spectra, None, seen)
    reasons = {}
    for name, kind in KINDS.items():
        try:
            set_fused(encoder, kind, True)
            apart = (encoder(spectra, None, seen) - plain).norm(dim=2) / plain.norm(dim=2)
            largest = float(apart.max())
            reason = "" if largest <= TOLERANCE else f"their numbers are {largest:.1e} apart"
        except Exception as error:  # Triton's compiler and what it calls have errors of all kinds
            lines = str(error).splitlines() or [""]
            reason = f"{type(error).__name__}: {lines[0][:200]}"
        if reason:
            set_fused(encoder, kind, False)
            reasons[name] = reason
    return reasons
