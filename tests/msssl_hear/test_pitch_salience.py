import torch

from msssl_hear.pitch_salience import PitchSalience


def test_a_moved_spectrum_gives_the_moved_salience() -> None:
    torch.manual_seed(0)
    net = PitchSalience(36)
    contrast = torch.zeros(1, 2, 275)
    contrast[0, :, [60, 96, 117]] = 3.0
    with torch.no_grad():
        salience, moved = net(contrast), net(contrast.roll(7, dims=2))
    torch.testing.assert_close(salience[..., 20:200], moved[..., 27:207])


def test_frames_do_not_mix() -> None:
    torch.manual_seed(0)
    net = PitchSalience(36)
    contrast = torch.randn(1, 5, 275)
    with torch.no_grad():
        together, alone = net(contrast), net(contrast[:, 2:3])
    torch.testing.assert_close(together[:, 2:3], alone)
