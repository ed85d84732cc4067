"""The trunk: published size, time grid, receptive field, independence of frames."""

import pytest
import torch
from torch import nn

from msssl_hear.efficientnet import (
    B0_STAGES,
    ChannelNorm,
    EfficientNet,
    SqueezeExcite,
    receptive_radius,
    scaled_stages,
)


def test_stock_trunk_has_the_published_size():
    trunk = EfficientNet()
    # 5.29 M of B0 less the 1280-channel head (409 600 + 2 560), the classifier (1 281 000) and two
    # input channels of the stem (2 * 32 * 9).
    parameters = sum(p.numel() for p in trunk.parameters())
    assert parameters == 5_288_548 - 409_600 - 2_560 - 1_281_000 - 576


def test_unit_scale_is_b0():
    assert scaled_stages(1.0, 1.0) == (32, B0_STAGES)


def test_channel_norm_equals_a_loop():
    x = torch.randn(2, 8, 3, 4)
    y = ChannelNorm(8)(x)
    for b, t, f in torch.cartesian_prod(torch.arange(2), torch.arange(3), torch.arange(4)).tolist():
        column = x[b, :, t, f]
        expected = (column - column.mean()) / (column.var(correction=0) + 1e-5).sqrt()
        torch.testing.assert_close(y[b, :, t, f], expected, atol=1e-5, rtol=1e-5)


def test_frame_wise_gate_looks_at_its_own_frame_only():
    gate = SqueezeExcite(8, 2, frame_wise=True)
    x = torch.randn(1, 8, 5, 4)
    changed = x.clone()
    changed[:, :, 3] += 1.0
    difference = (gate(changed) - gate(x)).abs().sum(dim=(0, 1, 3))
    assert (difference > 0).tolist() == [False, False, False, True, False]


@pytest.mark.parametrize("norm", [nn.BatchNorm2d, ChannelNorm])
def test_stage_outputs_lie_on_their_strides(norm):
    trunk = EfficientNet(norm=norm).eval()
    outputs = trunk(torch.randn(1, 1, 97, 64))
    assert [x.shape[2] for x in outputs] == [49, 25, 13, 7, 7, 4, 4]
    assert [x.shape[3] for x in outputs] == [32, 16, 8, 4, 4, 2, 2]
    assert [x.shape[1] for x in outputs] == [stage.channels for stage in B0_STAGES]


def test_receptive_radius_is_what_gradients_show():
    trunk = EfficientNet(norm=ChannelNorm, frame_wise=True).eval()
    x = torch.randn(1, 1, 1025, 32, requires_grad=True)
    output = trunk(x)[-1]
    centre = 16  # on input frame 512
    # Weighted, because the plain sum over normalised channels is constant.
    (output[0, :, centre] * torch.randn(320, 1)).sum().backward()
    touched = x.grad[0, 0].abs().sum(dim=1).nonzero().flatten()
    radius = receptive_radius(B0_STAGES)
    assert radius == 425
    assert touched.min() >= 512 - radius
    assert touched.max() <= 512 + radius
    assert touched.max() - touched.min() >= 1.9 * radius
