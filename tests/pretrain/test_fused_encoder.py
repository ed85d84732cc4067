"""Kernels that are not there, or do something else, are not used; those that agree are."""

import sys
import warnings
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from msssl_hear.efficientnet import ChannelNorm, Depthwise
from msssl_hear.encoder import Encoder, EncoderConfig
from msssl_hear.fused_encoder import fuse_for_embedding
from msssl_hear.log_mel import LogMel
from msssl_hear.model import HearModel
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


@pytest.mark.parametrize("broken", [False, True])
def test_kernels_of_a_mixed_training_are_compared_in_its_precision(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    def norm(x: Tensor, *rest: Any) -> Tensor:
        if broken and x.dtype == torch.bfloat16:
            raise RuntimeError("no kernel for 16 bits")
        return plain.norm(x, *rest)

    plain, module = stand_in(0.0), stand_in(0.0)
    module.norm = norm  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "msssl_hear.fused_norms", module)
    monkeypatch.setitem(sys.modules, "msssl_hear.fused_depthwise", convolutions())
    found = fused_encoder.fuse(encoder, CPU, "bf16-mixed")
    assert found == ({"norms": "RuntimeError: no kernel for 16 bits"} if broken else {})
    assert fused_encoder.fuse(encoder, CPU) == {}  # which has none of 16 bits


@pytest.mark.parametrize("wrong", [False, True])
def test_an_embedding_takes_kernels_that_agree_and_gives_them_up_for_gradients(
    monkeypatch: pytest.MonkeyPatch, wrong: bool
) -> None:
    class OnTheGpu:
        """What a model asks of audio before it chooses."""

        device, dtype = torch.device("cuda", 0), torch.float32

    small = Encoder(EncoderConfig(size=16, width=0.25, depth=0.3))
    model = HearModel(LogMel(), small, {}, "small")
    norms = stand_in(0.0)
    if wrong:
        norms.norm = lambda x, *rest: x  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "msssl_hear.fused_norms", norms)
    monkeypatch.setitem(sys.modules, "msssl_hear.fused_depthwise", convolutions())
    compare = fuse_for_embedding
    monkeypatch.setattr("msssl_hear.model.fuse_for_embedding", lambda it, _: compare(it, CPU))
    audio: Any = OnTheGpu()
    with torch.inference_mode(), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model._choose_layers(audio)
        model._choose_layers(audio)  # once is enough
    assert all(layer.fused == (not wrong) for layer in layers(small, ChannelNorm))
    assert all(layer.fused for layer in layers(small, Depthwise))
    assert ["norms: without kernels of our own, slower" in str(one.message) for one in said] == (
        [True] if wrong else []
    )
    model._choose_layers(audio)  # outside of inference mode a gradient may be asked for
    assert not any(
        layer.fused for layer in [*layers(small, ChannelNorm), *layers(small, Depthwise)]
    )
