import torch
from torch import nn

from pretrain.heads import ClipHead, FrameHead, PitchHead, max_over_time


def test_clip_head_follows_the_formula() -> None:
    head, frames = ClipHead(8, 5), torch.randn(2, 6, 8)
    lengths = torch.tensor([6, 4])
    for i in range(2):
        pooled = frames[i, : lengths[i]].max(dim=0).values
        normed = nn.functional.layer_norm(pooled, (8,))
        expected = head.linear.weight @ torch.tanh(normed)
        torch.testing.assert_close(head(frames, lengths)[i], expected)
    assert head.linear.bias is None


def test_padding_never_wins_the_maximum() -> None:
    frames = -torch.ones(1, 4, 3)
    frames[0, 2:] = 0.0  # padded positions are zero
    assert (max_over_time(frames, torch.tensor([2])) == -1).all()


def test_frame_and_pitch_heads_keep_the_time_axis() -> None:
    frames = torch.randn(2, 6, 8)
    assert FrameHead(8, 5)(frames).shape == (2, 6, 5)
    assert PitchHead(8)(frames).shape == (2, 6)
