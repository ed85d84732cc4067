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
from pretrain.views.shifted_contrast import shifted_contrast, whole_bins


class Views(NamedTuple):
    """Views of each of B clips: anchor, positive and, where losses ask for them, partner and twin.

    Attributes:
        log_mel: Normalised, float32, shape (2 to 4, B, frames, n_mels).
        lengths: Valid log-mel frames, int64, shape (B,).
        offsets: Encoder frames by which the partner starts after the anchor, int64, shape (B,).
        shifts: Pitch of the partner minus pitch of the anchor, semitones, shape (B,).
        contrast: Spectral contrast, float32, shape (2 to 4, B, encoder frames, bins); None where
            the encoder has no pitch branch.
    """

    log_mel: Tensor
    lengths: Tensor
    offsets: Tensor
    shifts: Tensor
    contrast: Tensor | None = None

    def tensors(self) -> tuple[Tensor, ...]:
        """Those that are there, in this order: ``Views(*views.tensors())`` are the same views."""
        return tuple(x for x in self if x is not None)


class Spectra(NamedTuple):
    """One view of each clip.

    Attributes:
        log_mel: Normalised, shape (batch, frames, n_mels).
        contrast: Shape (batch, encoder frames, bins); None where nobody asks for it.
    """

    log_mel: Tensor
    contrast: Tensor | None


def view(
    log_mel: LogMel,
    audio: Tensor,
    semitones: Tensor,
    args: AugmentArgs,
    generator: torch.Generator,
    share: BatchShard,
    with_contrast: bool = False,
) -> Spectra:
    """Spectra of one view of each clip: noise, pitch shift, random response.

    Args:
        log_mel: Front end.
        audio: Waveforms, shape (batch, samples).
        semitones: Pitch shift of each, shape (batch,).
        args: What to draw.
        generator: On the audio's device.
        share: What the clips are of the joint batch.
        with_contrast: Whether the spectral contrast is wanted; shifts then move its axis by whole
            bins.

    Returns:
        Of samples // hop_length log-mel frames. The last frame, half past the end, is cut.
    """
    noisy = add_noise(audio, args.noise_sigma, generator, share)
    config = log_mel.config
    response = share.of(random_response(share.batch_size, config.n_mels, args, generator))
    power = log_mel.power(noisy)[:, :-1]
    mel = shifted_mel(config, power, semitones, args.max_shift_semitones, response)
    spectra = log_mel.normalise(mel.add_(config.log_offset).log_())
    if not with_contrast:
        return Spectra(spectra, None)
    return Spectra(
        spectra, shifted_contrast(noisy, semitones, args.max_shift_semitones, response, config)
    )


@torch.no_grad()
def make_views(
    log_mel: LogMel,
    batch: CropBatch,
    args: AugmentArgs,
    with_partner: bool,
    generator: torch.Generator,
    share: BatchShard | None = None,
    with_contrast: bool = False,
    twin: Tensor | None = None,
) -> Views:
    """Augment each view on its own, all by the same rule.

    Anchor and positive share their pitch shift, so that the clip loss does not ask for embeddings
    blind to pitch. The partner has another, the twin the anchor's.

    Args:
        log_mel: Front end.
        batch: Crops, with their backgrounds.
        args: What to draw.
        with_partner: Whether any loss but the clip loss is on.
        generator: On the crops' device.
        share: What the crops are of the joint batch; None: all.
        with_contrast: Whether the encoder has a pitch branch.
        twin: The anchors' sound once more, float32, same shape; None where no loss asks for it.
    """
    share = share or BatchShard(len(batch.lengths))
    anchor, partner = view_shifts(args, generator, share, with_contrast)
    crops = [(batch.anchor, anchor), (batch.positive, anchor)]
    if with_partner:
        crops.append((batch.partner, partner))
    if twin is not None:
        crops.append((twin, anchor))
    seen = [
        view(log_mel, audio, semitones, args, generator, share, with_contrast)
        for audio, semitones in crops
    ]
    views = torch.stack([spectra.log_mel for spectra in seen])
    contrasts = [spectra.contrast for spectra in seen if spectra.contrast is not None]
    # Frames of a crop alone, not counting the one that a crop's last sample starts.
    lengths = (1 + batch.lengths // log_mel.config.hop_length).clamp_max(views.shape[2])
    lengths, offsets = (x.to(views.device, non_blocking=True) for x in (lengths, batch.offsets))
    contrast = torch.stack(contrasts) if contrasts else None
    return Views(views, lengths, offsets, partner - anchor, contrast)


def view_shifts(
    args: AugmentArgs, generator: torch.Generator, share: BatchShard, by_whole_bins: bool
) -> tuple[Tensor, Tensor]:
    """Pitch shifts of anchor and partner, semitones, each of shape (batch,).

    Args:
        args: What to draw.
        generator: On the crops' device.
        share: What the clips are of the joint batch.
        by_whole_bins: Whether shifts move the log-frequency axis by whole bins.
    """
    largest = args.max_shift_semitones

    def draw() -> Tensor:
        shifts = share.of(random_shifts(share.batch_size, largest, generator))
        return whole_bins(shifts, largest) if by_whole_bins else shifts

    return draw(), draw()


def encoder_lengths(frames: Tensor) -> Tensor:
    """Valid encoder frames of that many valid log-mel frames: ``ceil(frames / 4)``."""
    return (frames + HOP_FRAMES - 1) // HOP_FRAMES
