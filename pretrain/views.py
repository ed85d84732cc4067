"""From crops to what the encoder sees: noise, pitch shift, response, log-mel."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from msssl_hear.encoder import HOP_FRAMES
from msssl_hear.log_mel import LogMel
from pretrain.args import AugmentArgs
from pretrain.augment import add_noise, random_response
from pretrain.crops import CropBatch
from pretrain.pitch_shift import random_shifts, shifted_filterbank


class Views(NamedTuple):
    """Two or three views of each of B clips.

    Attributes:
        log_mel: Normalised, float32, shape (2 or 3, B, frames, n_mels): anchor, positive and, if
            there is one, partner.
        lengths: Valid log-mel frames, int64, shape (B,).
        offsets: Encoder frames by which the partner starts after the anchor, int64, shape (B,).
        shifts: Pitch of the partner minus pitch of the anchor, semitones, shape (B,).
    """

    log_mel: Tensor
    lengths: Tensor
    offsets: Tensor
    shifts: Tensor


@torch.no_grad()
def make_views(
    log_mel: LogMel,
    batch: CropBatch,
    args: AugmentArgs,
    with_partner: bool,
    generator: torch.Generator,
) -> Views:
    """Augment each view on its own, all by the same rule.

    Anchor and positive share their pitch shift, so that the clip loss does not ask for embeddings
    blind to pitch; the partner has another.

    Args:
        log_mel: Front end.
        batch: Crops.
        args: What to draw.
        with_partner: Whether the frame or the pitch loss is on.
        generator: On the crops' device.
    """
    shift = random_shifts(len(batch.lengths), args.max_shift_semitones, generator)
    other_shift = random_shifts(len(batch.lengths), args.max_shift_semitones, generator)
    views = [
        augmented_log_mel(log_mel, batch.anchor, shift, args, generator),
        augmented_log_mel(log_mel, batch.positive, shift, args, generator),
    ]
    if with_partner:
        views.append(augmented_log_mel(log_mel, batch.partner, other_shift, args, generator))
    stacked = torch.stack(views)
    # Frames of a crop alone, not counting the one that a crop's last sample starts.
    lengths = (1 + batch.lengths // log_mel.config.hop_length).clamp_max(stacked.shape[2])
    return Views(stacked, lengths, batch.offsets, other_shift - shift)


def augmented_log_mel(
    log_mel: LogMel,
    audio: Tensor,
    semitones: Tensor,
    args: AugmentArgs,
    generator: torch.Generator,
) -> Tensor:
    """Normalised log-mel of one view; shift and response are one set of mel filters per clip.

    Args:
        log_mel: Front end.
        audio: Waveforms, shape (batch, samples).
        semitones: Pitch shift of each, shape (batch,).
        args: What to draw.
        generator: On the audio's device.

    Returns:
        Shape (batch, samples // hop_length, n_mels): the last frame, half past the end, is cut.
    """
    noisy = add_noise(audio, args.noise_sigma, generator)
    power = log_mel.power(noisy)[:, :-1]
    response = random_response(len(audio), log_mel.config.n_mels, args, generator)
    filters = shifted_filterbank(log_mel, semitones) * response[:, None, :]
    return log_mel.normalise(log_mel.log_mel(power, filters))


def encoder_lengths(frames: Tensor) -> Tensor:
    """Valid encoder frames of that many valid log-mel frames: ``ceil(frames / 4)``."""
    return (frames + HOP_FRAMES - 1) // HOP_FRAMES
