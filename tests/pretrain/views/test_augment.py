import torch

from pretrain.recipe import AugmentArgs
from pretrain.views.augment import add_noise, random_response

OFF = AugmentArgs(
    noise_sigma=0, gain_db=0, equaliser_db=0, low_pass_probability=0, max_shift_semitones=0
)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_noise_has_the_asked_level() -> None:
    noise = add_noise(torch.zeros(4, 16000), 0.001, generator())
    assert abs(float(noise.std()) - 0.001) < 2e-5


def test_switched_off_changes_nothing() -> None:
    assert torch.equal(random_response(3, 64, OFF, generator()), torch.ones(3, 64))


def test_level_stays_in_its_range() -> None:
    args = AugmentArgs(gain_db=6, equaliser_db=0, low_pass_probability=0)
    decibels = 10 * random_response(1000, 64, args, generator()).log10()
    assert float(decibels.abs().max()) <= 6.001
    assert float(decibels.std(dim=1).max()) < 1e-4


def test_equalisation_is_smooth_and_differs_between_clips() -> None:
    args = AugmentArgs(gain_db=0, equaliser_db=4, low_pass_probability=0)
    decibels = 10 * random_response(500, 64, args, generator()).log10()
    assert float(decibels.diff(dim=1).abs().max()) < 3.0  # between neighbouring bands
    assert 2.0 < float(decibels[:, 0].std()) < 8.0


def test_low_pass_cuts_the_top_of_about_half_the_clips_and_spares_the_bottom() -> None:
    args = AugmentArgs(gain_db=0, equaliser_db=0, low_pass_probability=0.5, low_pass_from=0.6)
    decibels = 10 * random_response(1000, 64, args, generator()).log10()
    assert 0.35 < float((decibels[:, -1] < -3).float().mean()) < 0.5
    assert float(decibels[:, :20].min()) > -0.5
