"""Pitch shift in the log-mel front end: the mel filters, evaluated at shifted frequencies."""

from __future__ import annotations

import torch
from torch import Tensor

from msssl_hear.log_mel import LogMel, LogMelConfig, mel_filterbank

SEMITONES_PER_OCTAVE = 12.0
CENTS = 100  # in a semitone


def check_shift(config: LogMelConfig, max_shift: float) -> None:
    """Refuse shifts that move the source's band edge into view.

    The band at f_max of a sound shifted down by ``max_shift`` is made from
    ``f_max * 2^(max_shift / 12)``. Above the Nyquist frequency there is nothing, and the head would
    read that edge instead of the pitch (encoder-study.md, "Shortcut, confirmed").

    Args:
        config: The front end.
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
