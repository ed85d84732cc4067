"""The second front end: a long window on a logarithmic frequency axis, where pitch is a position.

A 25 ms window under 64 mel bands cannot tell low notes apart; 200 ms can. On an axis of equal
semitones a pitch shift moves the spectrum without changing its shape, which is what the pitch
strategy trains on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

A4_MIDI, A4_HZ = 69.0, 440.0
SEMITONES_PER_OCTAVE = 12.0
SPREAD = 2.0
"""Contrast that counts as 1, natural-log units of power (8.7 dB): about what real spectra have."""


@dataclass(frozen=True)
class LogFrequencyConfig:
    """Settings of the front end.

    Attributes:
        sample_rate: Hz.
        n_fft: FFT size, samples; longer than the window by the factor of the largest pitch shift.
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

    def __init__(self, config: LogFrequencyConfig | None = None) -> None:
        """Build window and filters.

        Args:
            config: Settings; the default is that of the bundled weights.
        """
        super().__init__()
        self.config = config or LogFrequencyConfig()
        self._analyses: dict[tuple[int, torch.device], tuple[Tensor, Tensor]] = {}

    def frame_count(self, samples: int) -> int:
        """Number of frames of a signal of that many samples."""
        return 1 + samples // self.config.hop_length

    def pad(self, audio: Tensor) -> Tensor:
        """Half a frame of zeros at both ends: (batch, samples) to (batch, samples + n_fft)."""
        return F.pad(audio, (self.config.n_fft // 2, self.config.n_fft // 2))

    def forward(self, audio: Tensor, shift_bins: Tensor | None = None) -> Tensor:
        """Log power of the sound, or of the sound shifted in pitch.

        Args:
            audio: Waveforms in [-1, 1], float32, shape (batch, samples).
            shift_bins: Pitch shift of each clip, bins, positive is up, int64, shape (batch,).

        Returns:
            Shape (batch, 1 + samples // hop_length, bins).
        """
        return self.of_padded(self.pad(audio), shift_bins)

    def of_padded(self, padded: Tensor, shift_bins: Tensor | None = None) -> Tensor:
        """The same of a signal that is padded already, shape (batch, samples + n_fft).

        A sound shifted up by the factor ``s`` has at ``f`` what it had at ``f / s``. Window and
        filters are those of ``f / s`` with ``s`` times the window's length, so that resolution
        moves with the sound; filters alone would leave it in place, and the net could read the
        shift of white noise from it.
        """
        config = self.config
        frames = padded.unfold(1, config.n_fft, config.hop_length)
        if shift_bins is None:
            return self._log_power(frames, 0)
        result = frames.new_empty(*frames.shape[:2], config.bins)
        for shift in sorted(set(shift_bins.tolist())):
            chosen = shift_bins == shift
            result[chosen] = self._log_power(frames[chosen], shift)
        return result

    def _log_power(self, frames: Tensor, shift: int) -> Tensor:
        window, filters = self._analysis(shift, frames.device)
        power = torch.fft.rfft(frames * window).abs().square()
        return torch.log(power @ filters + self.config.log_offset)

    def _analysis(self, shift: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Window and filters of a shift; made once per device."""
        key = (shift, device)
        if key not in self._analyses:
            window, filters = self._window(shift), self._filters(shift)
            self._analyses[key] = (window.float().to(device), filters.float().to(device))
        return self._analyses[key]

    def _window(self, shift: int) -> Tensor:
        """Hann window, padded to n_fft, scaled so that a sine of amplitude 1 has power 1."""
        config = self.config
        length = 2 * round(config.win_length * self._factor(shift) / 2)
        if length > config.n_fft:
            raise ValueError(
                f"a shift of {shift} bins needs a window of {length} samples, "
                f"longer than n_fft {config.n_fft}"
            )
        window = torch.hann_window(length, periodic=True, dtype=torch.float64)
        margin = (config.n_fft - length) // 2
        return F.pad(2.0 * window / window.sum(), (margin, margin))

    def _filters(self, shift: int) -> Tensor:
        """Triangles of sum 1 around each bin's centre, shape (n_fft // 2 + 1, bins).

        Half a triangle's base is one bin, or at low notes, where a bin is narrower than the
        window's resolution, 1.2 / window length.
        """
        config, factor = self.config, self._factor(shift)
        notes = torch.arange(config.bins, dtype=torch.float64) / config.bins_per_semitone
        octaves = (config.lowest_midi - A4_MIDI + notes) / SEMITONES_PER_OCTAVE
        centres = A4_HZ * 2.0**octaves / factor
        one_bin = 2.0 ** (1.0 / config.bins_per_octave) - 1.0
        resolution = 1.2 * config.sample_rate / config.win_length / factor
        half = (centres * one_bin).clamp_min(resolution)
        frequencies = torch.linspace(
            0.0, config.sample_rate / 2, config.n_fft // 2 + 1, dtype=torch.float64
        )
        filters = (1.0 - (frequencies[:, None] - centres).abs() / half).clamp_min(0.0)
        normalised: Tensor = filters / filters.sum(dim=0)
        return normalised

    def _factor(self, shift: int) -> float:
        return float(2.0 ** (shift / self.config.bins_per_octave))


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
