"""Kernels that are not there, or do something else, are not used; those that agree are."""

import sys
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from msssl_hear.efficientnet import ChannelNorm, Depthwise
from msssl_hear.encoder import Encoder, EncoderConfig
from pretrain import fused_encoder

CPU = torch.device("cpu")


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Encoder:
    monkeypatch.setattr(fused_encoder, "FRAMES", 16)
    return Encoder(EncoderConfig(size=16, width=0.25, depth=0.3))


def stand_in(wrong: float) -> ModuleType:
    """The kernels' module in plain torch, with an error in the gradient of one of its parts."""

    def norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float, activate: bool, mask=None):
        y = F.layer_norm(x, x.shape[-1:], weight, bias + wrong * (bias - bias.detach()), eps)
        y = F.silu(y) if activate else y
        return y if mask is None else y * mask[:, :, None, None]

    def gated_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float, reduce, expand):
        y = F.silu(F.layer_norm(x, x.shape[-1:], weight, bias, eps))
        hidden = F.silu(F.linear(y.mean(2, keepdim=True), *reduce))
        return y * F.linear(hidden, *expand).sigmoid()

    module = ModuleType("msssl_hear.fused_norms")
    module.norm, module.gated_norm = norm, gated_norm  # type: ignore[attr-defined]
    return module


def convolutions() -> ModuleType:
    """The other kernels' module in plain torch."""

    def depthwise(x: Tensor, weight: Tensor, stride: int) -> Tensor:
        half, channels = weight.shape[-1] // 2, len(weight)
        y = F.conv2d(x.permute(0, 3, 1, 2), weight, None, stride, half, 1, channels)
        return y.permute(0, 2, 3, 1)

    module = ModuleType("msssl_hear.fused_depthwise")
    module.depthwise = depthwise  # type: ignore[attr-defined]
    return module


@pytest.mark.parametrize(("wrong", "reason"), [(0.0, ""), (0.1, "their numbers are ")])
def test_kernels_are_compared_also_by_their_gradients(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch, wrong: float, reason: str
) -> None:
    monkeypatch.setitem(sys.modules, "msssl_hear.fused_norms", stand_in(wrong))
    monkeypatch.setitem(sys.modules, "msssl_hear.fused_depthwise", convolutions())
    found = fused_encoder.fuse(encoder, CPU)
    assert [*found] == (["norms"] if reason else [])
    assert found.get("norms", "").startswith(reason)
    assert all(layer.fused == (not reason) for layer in layers(encoder, ChannelNorm))
    assert all(layer.fused for layer in layers(encoder, Depthwise))


def layers(encoder: Encoder, kind: type) -> list[Any]:
    found = [module for module in encoder.modules() if isinstance(module, kind)]
    assert found
    return found


def test_without_triton_the_layers_stay_plain(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "msssl_hear.fused_norms", None)
    monkeypatch.setitem(sys.modules, "msssl_hear.fused_depthwise", None)
    reasons = fused_encoder.fuse(encoder, CPU)
    assert "fused_norms" in reasons["norms"]
    assert "fused_depthwise" in reasons["depthwise convolutions"]
    assert torch.isfinite(encoder(torch.zeros(1, 16, 64))).all()
