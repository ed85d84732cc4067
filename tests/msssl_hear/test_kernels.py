"""The kernels against plain torch: on a GPU, or by Triton's interpreter on the CPU.

torch for CPUs brings no Triton: ``pip install triton`` lets these run.
"""

import os
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"  # read where Triton is imported
pytest.importorskip("triton")

from msssl_hear.encoder import Encoder, EncoderConfig  # noqa: E402
from msssl_hear.fused_depthwise import depthwise  # noqa: E402
from msssl_hear.fused_norms import gated_norm, norm  # noqa: E402
from pretrain import fused_encoder  # noqa: E402

SHAPES = [(4, 24), (2, 56), (1, 8), (5, 40)]  # frequencies and channels


def leaf(*shape: int) -> Tensor:
    return torch.randn(*shape, device=DEVICE, requires_grad=True)


def same(found: Callable[..., Tensor], wanted: Callable[..., Tensor], *leaves: Tensor) -> None:
    results = found(), wanted()
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-5)
    given = torch.randn_like(results[0])
    gradients = [torch.autograd.grad(result, leaves, given) for result in results]
    for own, other in zip(*gradients, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("bands", "channels"), SHAPES)
@pytest.mark.parametrize("activate", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_a_norm_and_what_follows(bands: int, channels: int, activate: bool, masked: bool) -> None:
    torch.manual_seed(0)
    x, weight, bias = leaf(2, 3, bands, channels), leaf(channels), leaf(channels)
    mask = torch.tensor([[1.0, 1, 0], [1, 0, 1]], device=DEVICE) if masked else None

    def plain() -> Tensor:
        y = F.layer_norm(x, (channels,), weight, bias, 1e-5)
        y = F.silu(y) if activate else y
        return y if mask is None else y * mask[:, :, None, None]

    same(lambda: norm(x, weight, bias, 1e-5, activate, mask), plain, x, weight, bias)


@pytest.mark.parametrize(("bands", "channels"), SHAPES)
def test_a_norm_and_a_gate(bands: int, channels: int) -> None:
    torch.manual_seed(0)
    x, weight, bias = leaf(2, 3, bands, channels), leaf(channels), leaf(channels)
    squeezed = channels // 4
    layers = leaf(squeezed, channels), leaf(squeezed), leaf(channels, squeezed), leaf(channels)

    def plain() -> Tensor:
        y = F.silu(F.layer_norm(x, (channels,), weight, bias, 1e-5))
        gate = F.linear(F.silu(F.linear(y.mean(2, keepdim=True), *layers[:2])), *layers[2:])
        return y * gate.sigmoid()

    def fused() -> Tensor:
        return gated_norm(x, weight, bias, 1e-5, layers[:2], layers[2:])

    same(fused, plain, x, weight, bias, *layers)


@pytest.mark.parametrize(("frames", "bands", "channels"), [(5, 4, 8), (6, 5, 24), (1, 2, 16)])
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_depthwise_convolution(
    frames: int, bands: int, channels: int, kernel: int, stride: int
) -> None:
    torch.manual_seed(0)
    x, weight = leaf(2, frames, bands, channels), leaf(channels, 1, kernel, kernel)

    def plain() -> Tensor:
        y = F.conv2d(x.permute(0, 3, 1, 2), weight, None, stride, kernel // 2, 1, channels)
        return y.permute(0, 2, 3, 1)

    same(lambda: depthwise(x, weight, stride), plain, x, weight)


def test_what_a_convolution_takes_in_16_bits_is_written_so() -> None:
    x, weight, bias = leaf(1, 2, 2, 8).detach().half(), leaf(8), leaf(8)
    assert norm(x, weight, bias, 1e-5, activate=True).dtype == torch.float16
    assert norm(x, weight, bias, 1e-5, activate=False).dtype == torch.float32


@pytest.mark.skipif(DEVICE == "cpu", reason="the interpreter takes half a minute")
def test_an_encoder_switches_to_kernels_that_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused_encoder, "FRAMES", 8)
    encoder = Encoder(EncoderConfig(n_mels=16, size=8, width=0.25, depth=0.3)).to(DEVICE)
    assert fused_encoder.fuse(encoder, torch.device(DEVICE)) == {}
    assert all(getattr(module, "fused", True) for module in encoder.modules())
    monkeypatch.setattr(fused_encoder, "apart", lambda found, wanted: 0.5)
    reasons = fused_encoder.fuse(encoder, torch.device(DEVICE))
    assert {*reasons.values()} == {"their numbers are 5.0e-01 apart"} and len(reasons) == 2
    assert not any(getattr(module, "fused", False) for module in encoder.modules())
