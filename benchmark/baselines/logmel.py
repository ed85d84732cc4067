"""Mean and standard deviation of log-mel frames: the floor that an embedding has to beat."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from msssl_hear.log_mel import LogMel
from msssl_hear.model import check_audio

HOP_FRAMES = 4
"""Log-mel frames (10 ms) between timestamp embeddings."""

WINDOW_FRAMES = 13
"""Log-mel frames around a timestamp whose statistics are its embedding: 130 ms."""

CHUNK_FRAMES = 12_000
"""Log-mel frames of all clips that go through the front end at once: two minutes."""


class LogMelStatistics(nn.Module):
    """Front end of the bundled encoder, without its normalisation."""

    row_label = "logmel"
    row_licence = "Apache-2.0"  # as this package: there are no weights

    def __init__(self) -> None:
        super().__init__()
        self.log_mel = LogMel()
        self.sample_rate = self.log_mel.config.sample_rate
        self.scene_embedding_size = 2 * self.log_mel.config.n_mels
        self.timestamp_embedding_size = 2 * self.log_mel.config.n_mels
        self.hop_ms = 1000.0 * HOP_FRAMES * self.log_mel.config.hop_length / self.sample_rate

    def forward(self, audio: Tensor) -> Tensor:
        """Log-mel frames, shape (batch, samples) -> (batch, frames, n_mels)."""
        check_audio(audio)
        config = self.log_mel.config
        padded = self.log_mel.pad(audio.to(self.log_mel.mean))
        frames = self.log_mel.frame_count(audio.shape[1])
        chunk = max(1, CHUNK_FRAMES // len(audio))
        chunks = []
        for start in range(0, frames, chunk):
            end = (min(start + chunk, frames) - 1) * config.hop_length + config.n_fft
            power = self.log_mel.power_of_padded(padded[:, start * config.hop_length : end])
            chunks.append(self.log_mel.log_mel(power))
        return torch.cat(chunks, dim=1)


def load_model(model_file_path: str = "") -> LogMelStatistics:
    """Build the front end.

    Args:
        model_file_path: Must be empty: there is nothing to load.

    Returns:
        The model, on the CPU.

    Raises:
        ValueError: If a path is given.
    """
    if model_file_path:
        raise ValueError(f"log-mel statistics have no weights to load, got '{model_file_path}'")
    return LogMelStatistics()


def get_scene_embeddings(audio: Tensor, model: LogMelStatistics) -> Tensor:
    """Mean and standard deviation over the clip's frames.

    Args:
        audio: Waveforms, float, shape (clips, samples).
        model: From ``load_model``.

    Returns:
        float32, shape (clips, 2 * n_mels).
    """
    frames = model(audio)
    return torch.cat([frames.mean(dim=1), frames.std(dim=1, correction=0)], dim=1)


def get_timestamp_embeddings(audio: Tensor, model: LogMelStatistics) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over 130 ms around every 40 ms.

    Args:
        audio: Waveforms, float, shape (clips, samples).
        model: From ``load_model``.

    Returns:
        Embeddings, float32, shape (clips, positions, 2 * n_mels), and their centres in ms, shape
        (clips, positions).
    """
    frames = model(audio).transpose(1, 2)
    mean = _windowed_mean(frames)
    variance = _windowed_mean(frames.square()) - mean.square()
    embeddings = torch.cat([mean, variance.clamp_min(0.0).sqrt()], dim=1).transpose(1, 2)
    timestamps = torch.arange(embeddings.shape[1], device=embeddings.device) * model.hop_ms
    return embeddings, timestamps.expand(len(audio), -1)


def _windowed_mean(frames: Tensor) -> Tensor:
    """Mean over the window's frames inside the clip, (batch, mels, frames) -> positions."""
    padding = WINDOW_FRAMES // 2
    return F.avg_pool1d(frames, WINDOW_FRAMES, HOP_FRAMES, padding, count_include_pad=False)
