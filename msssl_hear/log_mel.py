"""Log-mel front end in plain torch.

Equal to ``torchaudio.transforms.MelSpectrogram`` with the same settings (``tests/parity``); written
out because torchaudio's last release refuses every torch but one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class LogMelConfig:
    """Settings of the front end.

    Attributes:
        sample_rate: Hz.
        n_fft: FFT size, samples. Windows shorter than it are zero padded on both sides.
        win_length: Hann window, samples; 25 ms (paper, section 3.1).
        hop_length: Samples between frames; 10 ms (paper, section 3.1).
        n_mels: Mel bands (paper, section 3.1).
        f_min: Lower edge of the lowest band, Hz (paper, section 3.1).
        f_max: Upper edge of the highest band, Hz. Below the paper's 7800: shifts of up to 3
            semitones must stay under the Nyquist frequency, or the pitch head reads the band edge.
        log_offset: Added to the mel power before the logarithm; white noise of RMS 3e-4 has it per
        bin.
    """

    sample_rate: int = 16_000
    n_fft: int = 512
    win_length: int = 400
    hop_length: int = 160
    n_mels: int = 64
    f_min: float = 60.0
    f_max: float = 6_500.0
    log_offset: float = 1e-7

    def __post_init__(self) -> None:
        """Check that the settings fit together."""
        if not 0.0 <= self.f_min < self.f_max <= self.sample_rate / 2:
            raise ValueError(
                f"f_min {self.f_min} Hz and f_max {self.f_max} Hz must satisfy 0 <= f_min < f_max "
                f"<= {self.sample_rate / 2} Hz, half the sample rate"
            )
        if not self.hop_length <= self.win_length <= self.n_fft:
            raise ValueError(
                f"hop_length {self.hop_length}, win_length {self.win_length} and n_fft "
                f"{self.n_fft} samples must not decrease in this order"
            )


def mel_filterbank(frequencies: Tensor, n_mels: int, f_min: float, f_max: float) -> Tensor:
    """Triangular mel filters, evaluated at the given frequencies.

    Filters are equally spaced on the HTK mel scale, ``2595 log10(1 + f / 700)``, with peak 1 and no
    area normalisation. Evaluated at ``s * frequencies`` they give the mel spectrum of the sound
    shifted in pitch by the factor ``s``.

    Args:
        frequencies: Frequency of each FFT bin, Hz, shape (..., bins).
        n_mels: Number of filters.
        f_min: Lower edge of the lowest filter, Hz.
        f_max: Upper edge of the highest filter, Hz.

    Returns:
        Weights, same dtype, shape (..., bins, n_mels).
    """
    mel_min, mel_max = (2595.0 * math.log10(1.0 + f / 700.0) for f in (f_min, f_max))
    mels = torch.linspace(mel_min, mel_max, n_mels + 2, dtype=torch.float64)
    edges = (700.0 * (10.0 ** (mels / 2595.0) - 1.0)).to(frequencies)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    bins = frequencies.unsqueeze(-1)
    # In place: with a filterbank per clip, what costs is memory.
    rising = (bins - lower).div_(centre - lower)
    falling = (upper - bins).div_(upper - centre)
    return torch.minimum(rising, falling, out=rising).clamp_min_(0.0)


class LogMel(nn.Module):
    """Waveform to normalised log-mel frames.

    Frame ``i`` is centred on sample ``i * hop_length``; the signal counts as zero outside its ends.
    The buffers ``mean`` and ``std`` (log units, one per band) are fixed statistics of the
    pretraining corpus and part of the checkpoint.
    """

    window: Tensor
    filterbank: Tensor
    mean: Tensor
    std: Tensor

    def __init__(self, config: LogMelConfig | None = None) -> None:
        """Build the window and the filters.

        Args:
            config: Settings; the default is that of the bundled weights.
        """
        super().__init__()
        self.config = config = config or LogMelConfig()
        window = torch.hann_window(config.win_length, periodic=True, dtype=torch.float64)
        filterbank = mel_filterbank(
            self.bin_frequencies(), config.n_mels, config.f_min, config.f_max
        )
        self.register_buffer("window", window.float(), persistent=False)
        self.register_buffer("filterbank", filterbank.float(), persistent=False)
        self.register_buffer("mean", torch.zeros(config.n_mels))
        self.register_buffer("std", torch.ones(config.n_mels))

    def bin_frequencies(self) -> Tensor:
        """Frequency of each FFT bin, Hz, float64, shape (n_fft // 2 + 1,)."""
        half = self.config.n_fft // 2
        return torch.linspace(0.0, self.config.sample_rate / 2, half + 1, dtype=torch.float64)

    def frame_count(self, samples: int) -> int:
        """Number of frames of a signal of that many samples."""
        return 1 + samples // self.config.hop_length

    def pad(self, audio: Tensor) -> Tensor:
        """Add half a frame of zeros to both ends, so that frame ``i`` starts at ``i * hop_length``.

        Args:
            audio: Shape (batch, samples).

        Returns:
            Shape (batch, samples + n_fft).
        """
        return nn.functional.pad(audio, (self.config.n_fft // 2, self.config.n_fft // 2))

    def power_of_padded(self, padded: Tensor) -> Tensor:
        """Power spectrum of a signal that is padded already, as ``power`` gives it.

        Args:
            padded: Shape (batch, samples), at least n_fft samples.

        Returns:
            Shape (batch, 1 + (samples - n_fft) // hop_length, n_fft // 2 + 1).
        """
        config = self.config
        spectrum = torch.stft(
            padded,
            config.n_fft,
            config.hop_length,
            config.win_length,
            self.window,
            center=False,
            return_complex=True,
        )
        power = spectrum.real.square().add_(spectrum.imag.square())
        return power.transpose(1, 2).div_(self.window.square().sum())

    def power(self, audio: Tensor) -> Tensor:
        """Power spectrum, divided by the window's energy.

        White noise of RMS ``r`` has the mean power ``r ** 2`` in every bin.

        Args:
            audio: Waveform, float, shape (batch, samples), samples >= 1.

        Returns:
            Shape (batch, frames, n_fft // 2 + 1), frames = 1 + samples // hop_length.
        """
        return self.power_of_padded(self.pad(audio))

    def log_mel(self, power: Tensor, filterbank: Tensor | None = None) -> Tensor:
        """Log of the power in each mel band, not normalised.

        Args:
            power: Shape (batch, frames, bins).
            filterbank: Other filters than the front end's own, shape (bins, n_mels) or
                (batch, bins, n_mels).

        Returns:
            Natural logarithms, shape (batch, frames, n_mels).
        """
        mel = power @ (self.filterbank if filterbank is None else filterbank)
        return (mel + self.config.log_offset).log()

    def normalise(self, log_mel: Tensor) -> Tensor:
        """Subtract the corpus mean of each band and divide by its standard deviation."""
        return (log_mel - self.mean) / self.std

    def forward(self, audio: Tensor) -> Tensor:
        """Normalised log-mel frames.

        Args:
            audio: Waveform in [-1, 1], float, shape (batch, samples), samples >= 1.

        Returns:
            Shape (batch, 1 + samples // hop_length, n_mels).
        """
        normalised: Tensor = self.normalise(self.log_mel(self.power(audio)))
        return normalised
