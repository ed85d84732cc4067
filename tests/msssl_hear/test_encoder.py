"""The pyramid: its grid, its interpolation, and exactness under padding and chunking."""

import pytest
import torch

from msssl_hear.encoder import COARSEST_STRIDE, Encoder, EncoderConfig, upsample_linear


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return Encoder(EncoderConfig(width=0.5, depth=0.5, size=64)).eval()


def test_upsampling_equals_a_loop():
    x = torch.randn(2, 5, 3)
    y = upsample_linear(x, 4, None)
    for position in range(20):
        j, rest = divmod(position, 4)
        after = x[:, min(j + 1, 4)]
        expected = x[:, j] + (after - x[:, j]) * rest / 4
        torch.testing.assert_close(y[:, position], expected)


def test_upsampling_holds_the_last_valid_value():
    x = torch.randn(1, 5, 3)
    valid = torch.tensor([[True, True, True, False, False]])
    padded = upsample_linear(x, 4, valid)[:, :12]
    torch.testing.assert_close(padded, upsample_linear(x[:, :3], 4, None))


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 37, 96, 97, 321])
def test_one_output_per_four_frames(encoder, frames):
    assert encoder(torch.randn(2, frames, 64)).shape == (2, -(-frames // 4), 64)


def test_padded_clips_equal_clips_alone(encoder):
    lengths = torch.tensor([1, 5, 33, 97, 160, 321])
    x = torch.randn(len(lengths), 321, 64)
    with torch.inference_mode():
        padded = encoder(x, lengths)
        for clip, length in enumerate(lengths.tolist()):
            alone = encoder(x[clip : clip + 1, :length])[0]
            torch.testing.assert_close(padded[clip, : len(alone)], alone, atol=2e-5, rtol=1e-4)
            assert (padded[clip, len(alone) :] == 0).all()


def test_a_chunk_with_its_context_equals_the_whole(encoder):
    margin = -(-encoder.context_frames // COARSEST_STRIDE) * COARSEST_STRIDE
    start, stop = 640, 960
    x = torch.randn(1, stop + 2 * margin, 64)
    with torch.inference_mode():
        whole = encoder(x)[:, start // 4 : stop // 4]
        chunk = encoder(x[:, start - margin : stop + margin])[:, margin // 4 : -margin // 4]
    torch.testing.assert_close(chunk, whole, atol=2e-5, rtol=1e-4)


def test_an_output_looks_symmetrically_around_its_centre():
    """The largest change is where the input changed: the grid has no lag."""
    torch.manual_seed(1)
    encoder = Encoder().eval()
    x = torch.randn(8, 801, 64)
    changed = x.clone()
    changed[:, 400] += 3.0
    with torch.inference_mode():
        difference = (encoder(changed) - encoder(x)).norm(dim=2).mean(dim=0)
    assert int(difference.argmax()) == 100
    centre = (difference * torch.arange(len(difference))).sum() / difference.sum()
    assert abs(centre.item() - 100) < 4
