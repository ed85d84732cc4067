import pytest
import torch

from msssl_hear.log_mel import LogMel, LogMelConfig
from pretrain.views.pitch_shift import filter_blocks, shifted_filterbank, shifted_mel


@pytest.mark.parametrize("config", [LogMelConfig(), LogMelConfig(n_fft=400, n_mels=37)])
@pytest.mark.parametrize("max_shift", [3.0, 0.5, 0.0])
def test_it_is_the_product_with_each_clips_own_filterbank(
    config: LogMelConfig, max_shift: float
) -> None:
    log_mel = LogMel(config)
    generator = torch.Generator().manual_seed(0)
    power = log_mel.power(torch.randn(5, 3200, generator=generator))
    semitones = torch.tensor([-1.0, -0.37, 0.0, 0.5, 1.0]) * max_shift
    semitones = (semitones * 100).round() / 100
    response = torch.rand(5, config.n_mels, generator=generator) + 0.5
    found = shifted_mel(config, power, semitones, max_shift, response)
    for row in range(5):
        filters = shifted_filterbank(log_mel, semitones[row : row + 1])[0] * response[row]
        torch.testing.assert_close(found[row], power[row] @ filters, rtol=1e-5, atol=1e-7)


def test_shifts_are_a_cent_apart_and_blocks_hold_all_that_is_not_zero() -> None:
    blocks = filter_blocks(LogMelConfig(), 1.0, torch.device("cpu"))
    whole = torch.zeros(201, 257, 64)
    for bands, bins, filters in blocks:
        whole[:, bins, bands] = filters
    shifts = torch.arange(-100, 101) / 100
    assert torch.equal(whole, shifted_filterbank(LogMel(), shifts))
    assert sum(block.filters.numel() for block in blocks) < 0.4 * whole.numel()


def test_a_shift_beyond_the_largest_is_no_other_shift() -> None:
    power, response = torch.ones(1, 2, 257), torch.ones(1, 64)
    with pytest.raises(IndexError):
        shifted_mel(LogMelConfig(), power, torch.tensor([1.01]), 1.0, response)
