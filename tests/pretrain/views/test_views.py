from dataclasses import replace

import torch

from msssl_hear.log_mel import LogMel
from pretrain.data.corpus import Corpus, to_float
from pretrain.data.crops import CropSampler
from pretrain.recipe import AugmentArgs
from pretrain.views.views import encoder_lengths, make_views

OFF = AugmentArgs(
    noise_sigma=0, gain_db=0, equaliser_db=0, low_pass_probability=0, max_shift_semitones=0
)


def test_without_augmentation_views_are_the_front_end(tiny_corpus: Corpus) -> None:
    log_mel = LogMel()
    batch = CropSampler(tiny_corpus, 8, 5120, 640, max_offset=3, seed=0).draw(0)
    views = make_views(log_mel, batch, OFF, True, torch.Generator().manual_seed(0))
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
    batch = CropSampler(tiny_corpus, 4, 5120, 640, max_offset=0, seed=0).draw(0)
    same = batch._replace(positive=batch.anchor)
    args = replace(OFF, max_shift_semitones=3)
    views = make_views(log_mel, same, args, True, torch.Generator().manual_seed(0))
    assert torch.equal(views.log_mel[0], views.log_mel[1])
    assert not torch.equal(views.log_mel[0], views.log_mel[2])
    assert float(views.shifts.abs().max()) <= 6 and (views.shifts != 0).all()


def test_contrast_and_log_mel_are_of_the_same_pitches(tiny_corpus: Corpus) -> None:
    tone = torch.sin(2 * torch.pi * 880 * torch.arange(10240) / 16000)[None].repeat(8, 1)
    batch = CropSampler(tiny_corpus, 8, 10240, 640, max_offset=0, seed=0).draw(0)
    batch = batch._replace(anchor=tone, positive=tone, partner=tone)
    args = replace(OFF, max_shift_semitones=3)
    generator = torch.Generator().manual_seed(1)
    views = make_views(LogMel(), batch, args, True, generator, with_contrast=True)
    assert views.contrast is not None and views.contrast.shape == (3, 8, 16, 275)
    pitches = views.contrast[:, :, 8].argmax(dim=2)
    assert torch.equal(pitches[2] - pitches[0], (3 * views.shifts).round().long())
    assert torch.equal(pitches[1], pitches[0])
    mels = views.log_mel[:, :, 32].argmax(dim=2)
    up = views.shifts > 2
    assert up.any() and (mels[2] > mels[0])[up].all()


def test_without_partner_the_other_views_are_the_same(tiny_corpus: Corpus) -> None:
    batch = CropSampler(tiny_corpus, 4, 5120, 640, max_offset=3, seed=0).draw(0)
    two, three = (
        make_views(
            LogMel(),
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


def test_a_tone_moves_by_the_drawn_shift(tiny_corpus: Corpus) -> None:
    tone = torch.sin(2 * torch.pi * 880 * torch.arange(10240) / 16000)[None].repeat(8, 1)
    batch = CropSampler(tiny_corpus, 8, 10240, 640, max_offset=0, seed=0).draw(0)
    batch = batch._replace(anchor=tone, positive=tone, partner=tone)
    batch = batch._replace(lengths=torch.full((8,), 10240))
    args = replace(OFF, max_shift_semitones=3)
    views = make_views(LogMel(), batch, args, True, torch.Generator().manual_seed(1))
    mels = views.log_mel[:, :, 32].argmax(dim=2).float()
    up, down = views.shifts > 1, views.shifts < -1
    assert up.any() and down.any()
    assert (mels[2] - mels[0])[up].min() > 0 > (mels[2] - mels[0])[down].max()
