from dataclasses import replace

import torch

from msssl_hear.log_frequency import LogFrequency, hertz
from msssl_hear.log_mel import LogMel, mel_filterbank
from pretrain.args import AugmentArgs
from pretrain.corpus import Corpus, to_float
from pretrain.crops import CropSampler
from pretrain.views import FrontEnds, encoder_lengths, make_views, mel_positions

OFF = AugmentArgs(
    noise_sigma=0, gain_db=0, equaliser_db=0, low_pass_probability=0, max_shift_semitones=0
)


def test_without_augmentation_views_are_the_front_end(tiny_corpus: Corpus) -> None:
    log_mel = LogMel()
    front_ends = FrontEnds(log_mel, None)
    batch = CropSampler(tiny_corpus, 8, 5120, 640, max_offset=3, seed=0).draw(0)
    views = make_views(front_ends, batch, OFF, True, torch.Generator().manual_seed(0))
    assert views.log_mel.shape == (3, 8, 32, 64)
    torch.testing.assert_close(views.log_mel[1], log_mel(batch.positive)[:, :-1])
    assert (views.shifts == 0).all()
    # A clip shorter than a crop has as many frames as alone.
    row = batch.lengths.argmin()
    clip = to_float(tiny_corpus.clip(int(batch.clips[row])))
    alone = log_mel(clip[None])[0]
    assert len(alone) < 32 and int(views.lengths[row]) == len(alone)
    torch.testing.assert_close(views.log_mel[0, row, : len(alone)], alone)


def test_anchor_and_positive_share_the_shift_and_the_partner_differs(tiny_corpus: Corpus) -> None:
    log_mel = LogMel()
    front_ends = FrontEnds(log_mel, None)
    batch = CropSampler(tiny_corpus, 4, 5120, 640, max_offset=0, seed=0).draw(0)
    same = batch._replace(positive=batch.anchor)
    args = replace(OFF, max_shift_semitones=3)
    views = make_views(front_ends, same, args, True, torch.Generator().manual_seed(0))
    assert torch.equal(views.log_mel[0], views.log_mel[1])
    assert not torch.equal(views.log_mel[0], views.log_mel[2])
    assert float(views.shifts.abs().max()) <= 6 and (views.shifts != 0).all()


def test_without_partner_the_other_views_are_the_same(tiny_corpus: Corpus) -> None:
    batch = CropSampler(tiny_corpus, 4, 5120, 640, max_offset=3, seed=0).draw(0)
    two, three = (
        make_views(
            FrontEnds(LogMel(), None),
            batch,
            AugmentArgs(),
            partner,
            torch.Generator().manual_seed(0),
        )
        for partner in (False, True)
    )
    assert torch.equal(two.log_mel, three.log_mel[:2])


def test_encoder_lengths_round_up() -> None:
    assert encoder_lengths(torch.tensor([1, 4, 5, 96])).tolist() == [1, 1, 2, 24]


def test_both_front_ends_see_the_same_shift(tiny_corpus: Corpus) -> None:
    """A tone moves by the drawn shift on both axes, the partner's against the anchor's."""
    tone = torch.sin(2 * torch.pi * 880 * torch.arange(10240) / 16000)[None].repeat(8, 1)
    batch = CropSampler(tiny_corpus, 8, 10240, 640, max_offset=0, seed=0).draw(0)
    batch = batch._replace(anchor=tone, positive=tone, partner=tone)
    batch = batch._replace(lengths=torch.full((8,), 10240))
    front_ends = FrontEnds(LogMel(), LogFrequency())
    args = replace(OFF, max_shift_semitones=3)
    views = make_views(front_ends, batch, args, True, torch.Generator().manual_seed(1))
    assert views.log_frequency is not None and views.log_frequency.shape == (3, 8, 16, 275)
    peaks = views.log_frequency[:, :, 8].argmax(dim=2)
    torch.testing.assert_close((peaks[2] - peaks[0]).float(), 3 * views.shifts)
    mels = views.log_mel[:, :, 32].argmax(dim=2).float()
    up = views.shifts > 1
    down = views.shifts < -1
    assert up.any() and down.any()
    assert (mels[2] - mels[0])[up].min() > 0 > (mels[2] - mels[0])[down].max()


def test_a_low_pass_cuts_both_front_ends_at_the_same_frequency() -> None:
    """Bins on the log-frequency axis lie where the mel filters say they lie."""
    log_mel, log_frequency = LogMel(), LogFrequency()
    positions = mel_positions(log_mel, log_frequency)
    for index in (100, 180, 250):
        frequency = torch.tensor([hertz(24 + index / 3)])
        weights = mel_filterbank(frequency, 64, 60.0, 6500.0)[0]
        centre = float((weights * torch.arange(64)).sum() / weights.sum())
        assert abs(centre - float(positions[index])) < 0.05


def test_the_response_is_felt_by_both_front_ends(tiny_corpus: Corpus) -> None:
    noise = 0.1 * torch.randn(4, 16000, generator=torch.Generator().manual_seed(2))
    front_ends = FrontEnds(LogMel(), LogFrequency())
    shift = torch.zeros(4, dtype=torch.long)
    _, plain = front_ends(noise, shift, OFF, torch.Generator().manual_seed(0))
    _, louder = front_ends(noise, shift, replace(OFF, gain_db=6), torch.Generator().manual_seed(0))
    assert plain is not None and louder is not None
    change = (louder - plain).flatten(1)
    torch.testing.assert_close(change, change[:, :1].expand_as(change), atol=1e-4, rtol=0)
    assert change[:, 0].abs().max() > 0.1
