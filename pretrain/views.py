"""From crops to what the encoder sees: background, noise, pitch shift, response, spectra."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from msssl_hear.encoder import HOP_FRAMES
from msssl_hear.log_frequency import LogFrequency, hertz
from msssl_hear.log_mel import LogMel
from pretrain.args import AugmentArgs
from pretrain.augment import add_noise, random_response
from pretrain.crops import CropBatch
from pretrain.distributed.share import Share
from pretrain.pitch_shift import random_shifts, shifted_filterbank

CENTS = 100  # steps of a semitone in which shifts are drawn without a log-frequency axis


class Views(NamedTuple):
    """Two or three views of each of B clips: anchor, positive and, if there is one, partner.

    Attributes:
        log_mel: Normalised, float32, shape (2 or 3, B, frames, n_mels).
        log_frequency: Log power, float32, shape (2 or 3, B, positions, bins), or None.
        lengths: Valid log-mel frames, int64, shape (B,).
        offsets: Encoder frames by which the partner starts after the anchor, int64, shape (B,).
        shifts: Pitch of the partner minus pitch of the anchor, semitones, shape (B,).
    """

    log_mel: Tensor
    log_frequency: Tensor | None
    lengths: Tensor
    offsets: Tensor
    shifts: Tensor


class FrontEnds(nn.Module):
    """Both front ends with what training does in them: shifts and random responses.

    Attributes:
        log_mel: Short window.
        log_frequency: Long window, or None.
        steps: Steps of a semitone in which shifts are drawn.
    """

    bands: Tensor

    def __init__(self, log_mel: LogMel, log_frequency: LogFrequency | None) -> None:
        """Work out where the log-frequency bins lie on the mel axis.

        Args:
            log_mel: Short window.
            log_frequency: Long window, or None.
        """
        super().__init__()
        self.log_mel = log_mel
        self.log_frequency = log_frequency
        self.steps = CENTS
        if log_frequency is not None:
            self.steps = log_frequency.config.bins_per_semitone
            self.register_buffer("bands", mel_positions(log_mel, log_frequency), persistent=False)

    def forward(
        self,
        audio: Tensor,
        shift: Tensor,
        args: AugmentArgs,
        generator: torch.Generator,
        share: Share | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Spectra of one view; both front ends hear the same shift and the same response.

        Args:
            audio: Waveforms, shape (batch, samples).
            shift: Pitch shift of each, steps, int64, shape (batch,).
            args: What to draw.
            generator: On the audio's device.
            share: What the clips are of the joint batch; None: all.

        Returns:
            Normalised log-mel, shape (batch, samples // hop_length, n_mels), and log power, shape
            (batch, ceil of a fourth of the frames, bins), or None. The last frame, half past the
            end, is cut.
        """
        share = share or Share(len(audio))
        noisy = add_noise(audio, args.noise_sigma, generator, share)
        n_mels = self.log_mel.config.n_mels
        response = share.of(random_response(share.batch_size, n_mels, args, generator))
        power = self.log_mel.power(noisy)[:, :-1]
        filters = shifted_filterbank(self.log_mel, shift / self.steps) * response[:, None, :]
        log_mel = self.log_mel.normalise(self.log_mel.log_mel(power, filters))
        if self.log_frequency is None:
            return log_mel, None
        positions = -(-log_mel.shape[1] // HOP_FRAMES)
        log_power = self.log_frequency(noisy, shift)[:, :positions]
        return log_mel, log_power + self._response(response)

    def _response(self, response: Tensor) -> Tensor:
        """The response in log power at the log-frequency bins, shape (batch, 1, bins)."""
        logs = response.log()
        below = self.bands.floor().long().clamp_max(logs.shape[1] - 2)
        return torch.lerp(logs[:, below], logs[:, below + 1], self.bands - below)[:, None]


def mel_positions(log_mel: LogMel, log_frequency: LogFrequency) -> Tensor:
    """Where the log-frequency bins lie among the mel bands: float32, shape (bins,), in [0, n - 1].

    Mel scale as in ``msssl_hear.log_mel.mel_filterbank``.
    """
    mel, config = log_mel.config, log_frequency.config
    notes = [config.lowest_midi + i / config.bins_per_semitone for i in range(config.bins)]
    low, high = (math.log1p(f / 700.0) for f in (mel.f_min, mel.f_max))
    share = [(math.log1p(hertz(note) / 700.0) - low) / (high - low) for note in notes]
    bands = torch.tensor(share) * (mel.n_mels + 1) - 1.0
    return bands.clamp(0.0, mel.n_mels - 1.0)


@torch.no_grad()
def make_views(
    front_ends: FrontEnds,
    batch: CropBatch,
    args: AugmentArgs,
    with_partner: bool,
    generator: torch.Generator,
    share: Share | None = None,
) -> Views:
    """Augment each view on its own, all by the same rule.

    Anchor and positive share their pitch shift, so that the clip loss does not ask for embeddings
    blind to pitch; the partner has another.

    Args:
        front_ends: Both front ends.
        batch: Crops, with their backgrounds.
        args: What to draw.
        with_partner: Whether the frame or the pitch loss is on.
        generator: On the crops' device.
        share: What the crops are of the joint batch; None: all.
    """
    share = share or Share(len(batch.lengths))
    draw = (share.batch_size, args.max_shift_semitones, front_ends.steps, generator)
    shift, other_shift = share.of(random_shifts(*draw)), share.of(random_shifts(*draw))
    views = [
        front_ends(batch.anchor, shift, args, generator, share),
        front_ends(batch.positive, shift, args, generator, share),
    ]
    if with_partner:
        views.append(front_ends(batch.partner, other_shift, args, generator, share))
    log_mels, log_frequencies = zip(*views, strict=True)
    stacked = torch.stack(log_mels)
    # Frames of a crop alone, not counting the one that a crop's last sample starts.
    hop = front_ends.log_mel.config.hop_length
    lengths = (1 + batch.lengths // hop).clamp_max(stacked.shape[2])
    return Views(
        stacked,
        None if log_frequencies[0] is None else torch.stack(log_frequencies),
        lengths,
        batch.offsets,
        (other_shift - shift) / front_ends.steps,
    )


def encoder_lengths(frames: Tensor) -> Tensor:
    """Valid encoder frames of that many valid log-mel frames: ``ceil(frames / 4)``."""
    return (frames + HOP_FRAMES - 1) // HOP_FRAMES
