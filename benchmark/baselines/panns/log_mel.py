"""PANNs' log-mel front end, as torchlibrosa computes it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmark.baselines.panns.mel import mel_matrix

N_MELS = 64
POWER_FLOOR = 1e-10  # -100 dB (Kong et al.'s code: amin of the log-mel extractor)


@dataclass(frozen=True)
class LogMelSettings:
    """Settings of the front end (Kong et al. 2020, section III-A and table XI).

    Attributes:
        sample_rate: Hz.
        n_fft: FFT size and Hann window, samples.
        hop: Samples between frames.
        f_min: Lower edge of the lowest mel band, Hz.
        f_max: Upper edge of the highest mel band, Hz.
    """

    sample_rate: int
    n_fft: int
    hop: int
    f_min: float
    f_max: float


class MelBands(nn.Module):
    """Holds the mel matrix under the name it has in an official checkpoint."""

    melW: Tensor  # noqa: N815 (the checkpoint's name)

    def __init__(self, settings: LogMelSettings) -> None:
        """Fill the matrix.

        Args:
            settings: Of the front end.
        """
        super().__init__()
        weights = mel_matrix(
            settings.sample_rate, settings.n_fft, N_MELS, settings.f_min, settings.f_max
        )
        self.register_buffer("melW", torch.from_numpy(weights))


def pad_for_frames(audio: Tensor, n_fft: int) -> Tensor:
    """Mirror half a frame at both ends, so that frame ``i`` is centred on sample ``i * hop``.

    Args:
        audio: Shape (batch, samples), more than ``n_fft // 2`` samples.
        n_fft: Samples in a frame.

    Returns:
        Shape (batch, samples + n_fft).
    """
    return nn.functional.pad(audio, (n_fft // 2, n_fft // 2), mode="reflect")


def log_mel_of_padded(padded: Tensor, window: Tensor, hop: int, mel: Tensor) -> Tensor:
    """Mel power in decibels of audio that ``pad_for_frames`` has padded.

    Args:
        padded: Shape (batch, samples), at least one frame.
        window: Shape (n_fft,).
        hop: Samples between frames.
        mel: Mel matrix, shape (n_fft // 2 + 1, mels).

    Returns:
        Decibels, shape (batch, 1 + (samples - n_fft) // hop, mels).
    """
    spectrum = torch.stft(
        padded, len(window), hop, window=window, center=False, return_complex=True
    )
    power = (spectrum.real.square() + spectrum.imag.square()).transpose(1, 2)
    return 10.0 * (power @ mel).clamp_min(POWER_FLOOR).log10()
