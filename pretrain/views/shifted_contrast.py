"""Spectral contrast of pitch-shifted sounds: the log-frequency axis, moved by whole bins.

On that axis a shift of pitch is a translation (PESTO: Riou et al. 2023, arXiv 2309.02265): power is
taken once, over as many more bins at both ends as the largest shift moves, and cut where the shift
says. Tables are kept for good: a recorded step reads them where they were.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import torch
from torch import Tensor

from msssl_hear.log_frequency import (
    A4_HZ,
    A4_MIDI,
    SEMITONES_PER_OCTAVE,
    LogFrequency,
    LogFrequencyConfig,
    hertz,
    spectral_contrast,
)
from msssl_hear.log_mel import LogMelConfig

BINS_PER_SEMITONE = LogFrequencyConfig().bins_per_semitone


def whole_bins(semitones: Tensor, max_shift: float) -> Tensor:
    """The nearest shifts that move the axis by whole bins.

    Args:
        semitones: Shifts.
        max_shift: Largest shift, semitones; no result goes beyond it.

    Returns:
        Semitones, same shape.
    """
    most = margin_bins(max_shift)
    return (semitones * BINS_PER_SEMITONE).round().clamp(-most, most) / BINS_PER_SEMITONE


def margin_bins(max_shift: float) -> int:
    """Whole bins in the largest shift, semitones."""
    return int(max_shift * BINS_PER_SEMITONE)


def shifted_contrast(
    audio: Tensor, semitones: Tensor, max_shift: float, response: Tensor, mel: LogMelConfig
) -> Tensor:
    """Spectral contrast of sounds shifted in pitch.

    Args:
        audio: Waveforms, shape (batch, samples).
        semitones: Shift of each, whole bins within ``max_shift``, shape (batch,).
        max_shift: Semitones.
        response: Power gain of each mel band, after the shift, shape (batch, n_mels).
        mel: Where those bands are.

    Returns:
        Shape (batch, samples // hop_length, bins). The last frame, half past the end, is cut.
    """
    own = LogFrequencyConfig()
    margin = margin_bins(max_shift)
    wide = wide_front_end(max_shift, audio.device)
    log_power = wide(audio)[:, :-1]
    starts = margin - (semitones * BINS_PER_SEMITONE).round().long()
    bins = starts[:, None] + torch.arange(own.bins, device=audio.device)
    moved = log_power.gather(2, bins[:, None].expand(-1, log_power.shape[1], -1))
    gains = response.log() @ bands_to_bins(mel, audio.device)
    # The floor of silence stays where it is.
    power = (moved.exp() - own.log_offset).clamp_min(0.0) * gains.exp()[:, None]
    return spectral_contrast(torch.log(power + own.log_offset), own.bins_per_octave)


@cache
def wide_front_end(max_shift: float, device: torch.device) -> LogFrequency:
    """The front end with so many semitones more at both ends."""
    own = LogFrequencyConfig()
    margin = margin_bins(max_shift)
    lowest = own.lowest_midi - margin / own.bins_per_semitone
    # Half a bin above the last one's centre, so that rounding cannot lose it.
    top = own.lowest_midi + (own.bins - 1 + margin + 0.5) / own.bins_per_semitone
    wide = LogFrequency(replace(own, lowest_midi=lowest, f_max=hertz(top)))
    assert wide.config.bins == own.bins + 2 * margin
    return wide.to(device)


@cache
def bands_to_bins(mel: LogMelConfig, device: torch.device) -> Tensor:
    """Weights that interpolate from mel bands to log-frequency bins, shape (n_mels, bins)."""
    own = LogFrequencyConfig()
    notes = own.lowest_midi + torch.arange(own.bins, dtype=torch.float64) / own.bins_per_semitone
    centres = A4_HZ * 2.0 ** ((notes - A4_MIDI) / SEMITONES_PER_OCTAVE)
    lowest, highest, heard = (
        2595.0 * torch.log10(1.0 + f / 700.0)
        for f in (torch.tensor(mel.f_min), torch.tensor(mel.f_max), centres)
    )
    # The n_mels + 2 edges of the bands are equally far apart in mel; band 0 is centred on edge 1.
    place = (heard - lowest) / (highest - lowest) * (mel.n_mels + 1) - 1.0
    distance = place.clamp(0.0, mel.n_mels - 1.0) - torch.arange(mel.n_mels)[:, None]
    return (1.0 - distance.abs()).clamp_min(0.0).float().to(device)
