"""What differs between two views beside pitch: noise, level, equalisation, bandwidth."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from pretrain.data.share import BatchShard
from pretrain.recipe import AugmentArgs

CURVES = 4  # cosines over the mel axis in a random equalisation; more would not be smooth
STEEPEST, FLATTEST = 0.01, 0.06  # low-pass transition, share of the mel axis
SNR_RANGE_DB = 20.0
QUIETEST_RMS = 1e-4  # -80 dB: what is quieter is not amplified to the level of the clip
DEEPEST_DB = 60.0  # attenuation above a low-pass


def add_noise(
    audio: Tensor, sigma: float, generator: torch.Generator, share: BatchShard | None = None
) -> Tensor:
    """Add white Gaussian noise (the paper's augmentation of the positive: sigma 0.001).

    Args:
        audio: Waveform in [-1, 1], shape (batch, samples).
        sigma: Standard deviation, amplitude.
        generator: On the audio's device.
        share: What the clips are of the joint batch; None: all.
    """
    share = share or BatchShard(len(audio))
    shape = (share.batch_size, audio.shape[1])
    noise = torch.randn(shape, generator=generator, device=audio.device)
    return share.of(noise).mul_(sigma).add_(audio)


def random_response(
    batch: int, n_mels: int, args: AugmentArgs, generator: torch.Generator
) -> Tensor:
    """Power gain of each mel band: a level, a smooth curve and, for some clips, a low-pass.

    Drawn anew for every view: a band edge that moves at random cannot give the pitch shift away.

    Args:
        batch: Clips.
        n_mels: Mel bands.
        args: How much of each.
        generator: Decides the device of the result.

    Returns:
        float32, shape (batch, n_mels), above 0; 1 changes nothing.
    """
    device = generator.device

    def uniform(low: float, high: float) -> Tensor:
        numbers = torch.rand(batch, 1, generator=generator, device=device)
        return low + (high - low) * numbers

    axis = torch.linspace(0.0, 1.0, n_mels, device=device)
    level_db = uniform(-args.gain_db, args.gain_db)
    orders = torch.arange(1, CURVES + 1, device=device)
    cosines = torch.cos(math.pi * orders[:, None] * axis) / orders[:, None]
    weights = torch.randn(batch, CURVES, generator=generator, device=device)
    curve_db = args.equaliser_db * weights @ cosines
    passed = torch.sigmoid((uniform(args.low_pass_from, 1.0) - axis) / uniform(STEEPEST, FLATTEST))
    applied = uniform(0.0, 1.0) < args.low_pass_probability
    low_pass_db = applied * uniform(-DEEPEST_DB, 0.0) * (1.0 - passed)
    return torch.exp((level_db + curve_db + low_pass_db) * (math.log(10.0) / 10.0))


def add_background(
    audio: Tensor,
    backgrounds: Tensor,
    probability: float,
    least_snr_db: float,
    generator: torch.Generator,
    share: BatchShard | None = None,
) -> Tensor:
    """Put other sounds behind some clips.

    Args:
        audio: Waveforms, shape (batch, samples).
        backgrounds: Waveforms, same shape.
        probability: Share of clips that get one.
        least_snr_db: The clip's RMS over the background's, dB, is uniform from this to 20 dB more.
        generator: On the audio's device.
        share: What the clips are of the joint batch; None: all.
    """
    share = share or BatchShard(len(audio))
    draws = torch.rand(2, share.batch_size, 1, generator=generator, device=audio.device)
    draws = draws[:, share.rows]
    snr_db = least_snr_db + SNR_RANGE_DB * draws[0]
    wanted = rms(audio) * 10.0 ** (-snr_db / 20.0)
    gain = wanted / rms(backgrounds).clamp_min(QUIETEST_RMS) * (draws[1] < probability)
    return (backgrounds * gain).add_(audio)


def rms(audio: Tensor) -> Tensor:
    """Root mean square of each clip: (batch, samples) to (batch, 1)."""
    return audio.square().mean(dim=1, keepdim=True).sqrt()
