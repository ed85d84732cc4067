"""From crops to what the encoder sees: background, noise, pitch shift, response, spectra."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from msssl_hear.encoder import HOP_FRAMES
from msssl_hear.log_mel import LogMel
from pretrain.data.sampler import CropBatch
from pretrain.data.share import BatchShard
from pretrain.recipe import AugmentArgs
from pretrain.views.augment import add_noise, random_response
from pretrain.views.pitch_shift import random_shifts, shifted_mel


class Views(NamedTuple):
    """Two or three views of each of B clips: anchor, positive and, if there is one, partner.

    Attributes:
        log_mel: Normalised, float32, shape (2 or 3, B, frames, n_mels).
        lengths: Valid log-mel frames, int64, shape (B,).
        offsets: Encoder frames by which the partner starts after the anchor, int64, shape (B,).
        shifts: Pitch of the partner minus pitch of the anchor, semitones, shape (B,).
    """

    log_mel: Tensor
    lengths: Tensor
    offsets: Tensor
    shifts: Tensor


def view(
    log_mel: LogMel,
    audio: Tensor,
    semitones: Tensor,
    args: AugmentArgs,
    generator: torch.Generator,
    share: BatchShard,
) -> Tensor:
    """Spectra of one view of each clip: noise, pitch shift, random response.

    Args:
        log_mel: Front end.
        audio: Waveforms, shape (batch, samples).
        semitones: Pitch shift of each, shape (batch,).
        args: What to draw.
        generator: On the audio's device.
        share: What the clips are of the joint batch.

    Returns:
        Normalised log-mel, shape (batch, samples // hop_length, n_mels). The last frame, half past
        the end, is cut.
    """
    noisy = add_noise(audio, args.noise_sigma, generator, share)
    config = log_mel.config
    response = share.of(random_response(share.batch_size, config.n_mels, args, generator))
    power = log_mel.power(noisy)[:, :-1]
    mel = shifted_mel(config, power, semitones, args.max_shift_semitones, response)
    return log_mel.normalise(mel.add_(config.log_offset).log_())


@torch.no_grad()
def make_views(
    log_mel: LogMel,
    batch: CropBatch,
    args: AugmentArgs,
    with_partner: bool,
    generator: torch.Generator,
    share: BatchShard | None = None,
) -> Views:
    """Augment each view on its own, all by the same rule.

    Anchor and positive share their pitch shift, so that the clip loss does not ask for embeddings
    blind to pitch; the partner has another.

    Args:
        log_mel: Front end.
        batch: Crops, with their backgrounds.
        args: What to draw.
        with_partner: Whether the frame or the pitch loss is on.
        generator: On the crops' device.
        share: What the crops are of the joint batch; None: all.
    """
    share = share or BatchShard(len(batch.lengths))
    draw = (share.batch_size, args.max_shift_semitones, generator)
    shift, other_shift = share.of(random_shifts(*draw)), share.of(random_shifts(*draw))
    seen = [(batch.anchor, shift), (batch.positive, shift), (batch.partner, other_shift)]
    views = torch.stack(
        [
            view(log_mel, audio, semitones, args, generator, share)
            for audio, semitones in seen[: 3 if with_partner else 2]
        ]
    )
    # Frames of a crop alone, not counting the one that a crop's last sample starts.
    lengths = (1 + batch.lengths // log_mel.config.hop_length).clamp_max(views.shape[2])
    lengths, offsets = (x.to(views.device, non_blocking=True) for x in (lengths, batch.offsets))
    return Views(views, lengths, offsets, other_shift - shift)


def encoder_lengths(frames: Tensor) -> Tensor:
    """Valid encoder frames of that many valid log-mel frames: ``ceil(frames / 4)``."""
    return (frames + HOP_FRAMES - 1) // HOP_FRAMES
