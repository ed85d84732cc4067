"""The second front end: a long window on a logarithmic frequency axis, where pitch is a position.

A 25 ms window under 64 mel bands cannot tell low notes apart; 200 ms can. Nothing here is learnt:
the ``full`` read-out puts statistics of it beside what the encoder has learnt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

A4_MIDI, A4_HZ = 69.0, 440.0
SEMITONES_PER_OCTAVE = 12.0
BLOCKS = 12
SPREAD = 2.0
"""Contrast that counts as 1, natural-log units of power (8.7 dB): about what real spectra have."""


@dataclass(frozen=True)
class LogFrequencyConfig:
    """Settings of the front end.

    Attributes:
        sample_rate: Hz.
        n_fft: FFT size, samples; the window is padded to it.
        win_length: Hann window, samples; 200 ms.
        hop_length: Samples between frames; 40 ms, the hop of the encoder.
        bins_per_semitone: Resolution.
        lowest_midi: Centre of the lowest bin, MIDI note number (24 is 32.7 Hz).
        f_max: Centre of the highest bin at most, Hz; capped as in ``LogMelConfig``.
        log_offset: Added to the power before the logarithm; a sine of amplitude 1 has power 1.
    """

    sample_rate: int = 16_000
    n_fft: int = 4096
    win_length: int = 3200
    hop_length: int = 640
    bins_per_semitone: int = 3
    lowest_midi: float = 24.0
    f_max: float = 6_500.0
    log_offset: float = 1e-9

    def __post_init__(self) -> None:
        """Check that the settings fit together."""
        if not 0 < self.win_length <= self.n_fft:
            raise ValueError(f"win_length {self.win_length} must lie in 1 ... n_fft {self.n_fft}")
        if self.bins_per_semitone < 1:
            raise ValueError(f"bins_per_semitone {self.bins_per_semitone} must be 1 or more")
        if not hertz(self.lowest_midi) < self.f_max <= self.sample_rate / 2:
            raise ValueError(
                f"f_max {self.f_max} Hz must lie above note {self.lowest_midi} "
                f"({hertz(self.lowest_midi):.1f} Hz) and at or below {self.sample_rate / 2} Hz"
            )

    @property
    def bins(self) -> int:
        """Number of bins; the highest is centred at or below ``f_max``."""
        highest = A4_MIDI + SEMITONES_PER_OCTAVE * math.log2(self.f_max / A4_HZ)
        return int((highest - self.lowest_midi) * self.bins_per_semitone) + 1

    @property
    def bins_per_octave(self) -> int:
        """Bins in an octave."""
        return int(SEMITONES_PER_OCTAVE) * self.bins_per_semitone


def hertz(midi: float) -> float:
    """Frequency of a MIDI note number: 69 is A4, 440 Hz."""
    return float(A4_HZ * 2.0 ** ((midi - A4_MIDI) / SEMITONES_PER_OCTAVE))


class LogFrequency(nn.Module):
    """Waveform to log power per third of a semitone.

    Frame ``j`` is centred on sample ``j * hop_length``; the signal counts as zero outside its ends.
    Nothing in it is learnt or estimated.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, config: LogFrequencyConfig | None = None) -> None:
        """Build window and filters.

        Args:
            config: Settings; the default is that of the bundled weights.
        """
        super().__init__()
        self.config = config = config or LogFrequencyConfig()
        window = torch.hann_window(config.win_length, periodic=True, dtype=torch.float64)
        before = (config.n_fft - config.win_length) // 2
        after = config.n_fft - config.win_length - before
        # Scaled so that a sine of amplitude 1 has power 1.
        window = F.pad(2.0 * window / window.sum(), (before, after))
        self.register_buffer("window", window.float(), persistent=False)
        filters = log_frequency_filters(config)
        self.register_buffer("filters", filters, persistent=False)
        self.blocks = used_blocks(filters)

    def frame_count(self, samples: int) -> int:
        """Number of frames of a signal of that many samples."""
        return 1 + samples // self.config.hop_length

    def pad(self, audio: Tensor) -> Tensor:
        """Half a frame of zeros at both ends: (batch, samples) to (batch, samples + n_fft)."""
        return F.pad(audio, (self.config.n_fft // 2, self.config.n_fft // 2))

    def forward(self, audio: Tensor) -> Tensor:
        """Log power.

        Args:
            audio: Waveforms in [-1, 1], float32, shape (batch, samples).

        Returns:
            Shape (batch, 1 + samples // hop_length, bins).
        """
        return self.of_padded(self.pad(audio))

    def of_padded(self, padded: Tensor) -> Tensor:
        """The same of a signal that is padded already, shape (batch, samples + n_fft)."""
        frames = padded.unfold(1, self.config.n_fft, self.config.hop_length)
        spectrum = torch.fft.rfft(frames * self.window)
        # Not abs(), which guards against overflow and takes three times as long.
        power = spectrum.real.square().add_(spectrum.imag.square())
        parts = [power[..., rows] @ self.filters[rows, bins] for rows, bins in self.blocks]
        return torch.log(torch.cat(parts, dim=-1).add_(self.config.log_offset))


def log_frequency_filters(config: LogFrequencyConfig) -> Tensor:
    """Triangles of sum 1 around each bin's centre, float32, shape (n_fft // 2 + 1, bins).

    Half a triangle's base is one bin, or at low notes, where a bin is narrower than the window's
    resolution, 1.2 / window length.
    """
    notes = torch.arange(config.bins, dtype=torch.float64) / config.bins_per_semitone
    octaves = (config.lowest_midi - A4_MIDI + notes) / SEMITONES_PER_OCTAVE
    centres = A4_HZ * 2.0**octaves
    one_bin = 2.0 ** (1.0 / config.bins_per_octave) - 1.0
    half = (centres * one_bin).clamp_min(1.2 * config.sample_rate / config.win_length)
    frequencies = torch.linspace(
        0.0, config.sample_rate / 2, config.n_fft // 2 + 1, dtype=torch.float64
    )
    filters = (1.0 - (frequencies[:, None] - centres).abs() / half).clamp_min(0.0)
    normalised: Tensor = filters / filters.sum(dim=0)
    return normalised.float()


def used_blocks(filters: Tensor) -> tuple[tuple[slice, slice], ...]:
    """Parts of the filters that hold all that is not zero: a fifteenth of all numbers.

    Args:
        filters: Shape (rows, bins), each column a triangle further up than the one before.

    Returns:
        Rows and bins of each of at most ``BLOCKS`` blocks, which lie side by side.
    """
    blocks = []
    for bins in torch.arange(filters.shape[1]).tensor_split(min(BLOCKS, filters.shape[1])):
        own = slice(int(bins[0]), int(bins[-1]) + 1)
        used = (filters[:, own] > 0).any(dim=1).nonzero().flatten()
        blocks.append((slice(int(used[0]), int(used[-1]) + 1), own))
    return tuple(blocks)


def spectral_contrast(log_power: Tensor, bins_per_octave: int) -> Tensor:
    """How far each bin stands out of the octave around it: level and tilt fall away.

    Args:
        log_power: From ``LogFrequency``, shape (..., bins).
        bins_per_octave: Of its configuration.

    Returns:
        Same shape; 1 is 8.7 dB.
    """
    half = bins_per_octave // 2
    flat = log_power.flatten(0, -2).unsqueeze(1)
    padded = F.pad(flat, (half, half), mode="replicate")
    mean = F.avg_pool1d(padded, 2 * half + 1, stride=1).view_as(log_power)
    return (log_power - mean) / SPREAD
