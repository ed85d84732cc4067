"""Pitch shift in the log-mel front end: the mel filters, evaluated at shifted frequencies.

A mel filter is zero at nine of ten frequencies. Filters of all shifts are made once, in four blocks
of neighbouring bands, each over those bins alone that some shift moves into it. So the product
takes a third of the time, and a table of all shifts has 12 MB instead of 40.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from msssl_hear.log_frequency import SEMITONES_PER_OCTAVE, LogFrequencyConfig
from msssl_hear.log_mel import LogMel, LogMelConfig, mel_filterbank

CENTS = 100  # in a semitone


def check_shift(config: LogMelConfig | LogFrequencyConfig, max_shift: float) -> None:
    """Refuse shifts that move the source's band edge into view.

    The band at f_max of a sound shifted down by ``max_shift`` is made from
    ``f_max * 2^(max_shift / 12)``. Above the Nyquist frequency there is nothing, and the head would
    read that edge instead of the pitch.

    Args:
        config: A front end.
        max_shift: Largest shift, semitones, 0 or more.

    Raises:
        ValueError: The edge is in view.
    """
    highest = config.f_max * 2.0 ** (max_shift / SEMITONES_PER_OCTAVE)
    if highest > config.sample_rate / 2:
        raise ValueError(
            f"shifts of {max_shift:g} semitones at f_max {config.f_max:g} Hz need audio up to "
            f"{highest:.0f} Hz, above the Nyquist frequency of {config.sample_rate / 2:g} Hz; "
            "lower max_shift_semitones or f_max"
        )


def random_shifts(batch: int, max_shift: float, generator: torch.Generator) -> Tensor:
    """Shifts in whole cents, uniform in [-max_shift, max_shift].

    Returns:
        Semitones, float32, shape (batch,).
    """
    most = int(max_shift * CENTS)
    device = generator.device
    return torch.randint(-most, most + 1, (batch,), generator=generator, device=device) / CENTS


def shifted_filterbank(log_mel: LogMel, semitones: Tensor) -> Tensor:
    """Mel filters that turn a sound's power spectrum into the mel spectrum of the shifted sound.

    A sound shifted by the factor ``s`` has at ``s * f`` what it had at ``f``, so the filters are
    evaluated at ``s * f``. Each filter is then scaled to the sum of the unshifted one: otherwise
    the number of bins under a filter, uneven in the narrow low bands, would tell the shift even on
    white noise.

    Args:
        log_mel: The front end.
        semitones: Shift of each clip, positive is up, shape (batch,).

    Returns:
        float32, shape (batch, bins, n_mels).
    """
    config = log_mel.config
    factors = 2.0 ** (semitones / SEMITONES_PER_OCTAVE)
    frequencies = log_mel.bin_frequencies().to(semitones) * factors[:, None]
    filters = mel_filterbank(frequencies, config.n_mels, config.f_min, config.f_max)
    sums = filters.sum(dim=1, keepdim=True)
    return filters * (log_mel.filterbank.sum(dim=0) / sums.clamp_min(1e-6))


BLOCKS = 4


class Block(NamedTuple):
    """Filters of neighbouring mel bands at every shift.

    Attributes:
        bands: Which bands.
        bins: The FFT bins at which any of them is above 0 at any shift.
        filters: float32, shape (shifts, bins, bands); shifts rise by a cent.
    """

    bands: slice
    bins: slice
    filters: Tensor


def shifted_mel(
    config: LogMelConfig, power: Tensor, semitones: Tensor, max_shift: float, response: Tensor
) -> Tensor:
    """Mel power of sounds shifted in pitch: ``power @ (shifted_filterbank * response)``.

    Args:
        config: The front end.
        power: Power spectra, shape (batch, frames, bins).
        semitones: Shift of each clip, whole cents in [-max_shift, max_shift], shape (batch,).
        max_shift: Semitones.
        response: Power gain of each band, shape (batch, n_mels).

    Returns:
        Shape (batch, frames, n_mels).
    """
    rows = (semitones * CENTS).round().long() + int(max_shift * CENTS)
    mel = power.new_empty(*power.shape[:2], config.n_mels)
    for bands, bins, filters in filter_blocks(config, max_shift, power.device):
        chosen = filters.index_select(0, rows).mul_(response[:, None, bands])
        mel[..., bands] = power[..., bins] @ chosen
    return mel


@cache
def filter_blocks(
    config: LogMelConfig, max_shift: float, device: torch.device
) -> tuple[Block, ...]:
    """The filters of all shifts, block by block.

    They are kept for good: a recorded step reads them where they were.
    """
    most = int(max_shift * CENTS)
    filters = shifted_filterbank(LogMel(config), torch.arange(-most, most + 1) / CENTS)
    used = (filters > 0).any(dim=0)
    blocks = []
    for bands in torch.arange(config.n_mels).tensor_split(BLOCKS):
        where = slice(int(bands[0]), int(bands[-1]) + 1)
        found = used[:, where].any(dim=1).nonzero().flatten().tolist() or [0]
        bins = slice(found[0], found[-1] + 1)
        blocks.append(Block(where, bins, filters[:, bins, where].contiguous().to(device)))
    return tuple(blocks)
