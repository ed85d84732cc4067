"""The HEAR model: front end, encoder and read-out of scene and timestamp embeddings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from msssl_hear.encoder import COARSEST_STRIDE, HOP_FRAMES, Encoder
from msssl_hear.log_mel import LogMel

CHUNK_FRAMES = 96 * COARSEST_STRIDE
"""Log-mel frames encoded at a time (30.72 s): bounds memory on long audio."""

GROUP_FRAMES = 2 * CHUNK_FRAMES
"""Log-mel frames in one call of the encoder, over all clips of a group."""

LARGEST_SAMPLE = 1e6
"""Peaks beyond it are refused: HEAR's audio lies in [-1, 1]."""


class HearModel(nn.Module):
    """Embeds audio as HEAR asks (https://hearbenchmark.com/hear-api.html).

    A clip's embeddings do not depend on the other clips of the batch, and long audio is encoded in
    chunks with enough context on both sides that the result is the same as in one piece (up to 1e-4
    of an embedding's norm, the float32 rounding of differently shaped matrix products).

    Args:
        log_mel: Front end with the statistics of the pretraining corpus.
        encoder: Encoder.
        card: What is known about the weights.
        row_label: Name of this model's row in leaderboards.
    """

    def __init__(
        self, log_mel: LogMel, encoder: Encoder, card: dict[str, Any], row_label: str
    ) -> None:
        super().__init__()
        self.log_mel = log_mel
        self.encoder = encoder
        self.card = card
        self.row_label = row_label
        self.row_note: str | None = card.get("note")
        self.sample_rate = log_mel.config.sample_rate
        self.timestamp_embedding_size = encoder.config.size
        self.scene_embedding_size = 2 * encoder.config.size
        self.hop_ms = 1000.0 * HOP_FRAMES * log_mel.config.hop_length / self.sample_rate
        self.eval()

    def frame_embeddings(self, audio: Tensor) -> Tensor:
        """Frame embeddings, one per 40 ms.

        Args:
            audio: Waveform in [-1, 1], float, shape (batch, samples), samples >= 1.

        Returns:
            float32, shape (batch, frames, size). Frame ``j`` is centred ``j * hop_ms`` ms after the
            first sample; the last one lies within the clip.

        Raises:
            ValueError: If the audio is not of that kind.
        """
        check_audio(audio)
        audio = audio.to(self.log_mel.mean)
        samples_per_clip = min(
            self.log_mel.frame_count(audio.shape[1]), CHUNK_FRAMES + 2 * self._margin
        )
        group = max(1, GROUP_FRAMES // samples_per_clip)
        return torch.cat([self._encode_in_chunks(clips) for clips in torch.split(audio, group)])

    def scene_embeddings(self, audio: Tensor) -> Tensor:
        """Maximum and mean over time of the frame embeddings.

        The clip loss trains the maximum (paper, section 2.1); the mean adds what lasts.

        Args:
            audio: As for ``frame_embeddings``.

        Returns:
            float32, shape (batch, 2 * size).
        """
        frames = self.frame_embeddings(audio)
        return torch.cat([frames.amax(dim=1), frames.mean(dim=1)], dim=1)

    def timestamps(self, frames: int) -> Tensor:
        """Centres of that many frames, ms, float32, shape (frames,)."""
        # A product, not a running sum: no drift over 20 minutes. All multiples of 40 are exact.
        return (torch.arange(frames, dtype=torch.float64) * self.hop_ms).float()

    @property
    def _margin(self) -> int:
        """Log-mel frames of context on each side of a chunk."""
        return -(-self.encoder.context_frames // COARSEST_STRIDE) * COARSEST_STRIDE

    def _encode_in_chunks(self, audio: Tensor) -> Tensor:
        padded = self.log_mel.pad(audio)
        chunks = []
        for start, stop, first, last in self._chunks(self.log_mel.frame_count(audio.shape[1])):
            power = self.log_mel.power_of_padded(self._frames_of(padded, first, last))
            encoded = self.encoder(self.log_mel.normalise(self.log_mel.log_mel(power)))
            lead = (start - first) // HOP_FRAMES
            chunks.append(encoded[:, lead : lead + -(-(stop - start) // HOP_FRAMES)])
        return torch.cat(chunks, dim=1)

    def _chunks(self, frames: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield each chunk's own frames [start, stop) and those encoded with it [first, last)."""
        for start in range(0, frames, CHUNK_FRAMES):
            stop = min(start + CHUNK_FRAMES, frames)
            yield start, stop, max(0, start - self._margin), min(frames, stop + self._margin)

    def _frames_of(self, padded: Tensor, first: int, last: int) -> Tensor:
        config = self.log_mel.config
        return padded[:, first * config.hop_length : (last - 1) * config.hop_length + config.n_fft]


def check_audio(audio: Tensor) -> None:
    """Refuse audio that cannot be embedded, with a sentence that names the clip.

    Args:
        audio: To be a float tensor, shape (batch, samples), finite, at least one sample.

    Raises:
        ValueError: If it is not.
    """
    if not isinstance(audio, Tensor) or audio.ndim != 2:
        shape = tuple(audio.shape) if isinstance(audio, Tensor) else type(audio).__name__
        raise ValueError(f"audio must be a tensor of shape (batch, samples), got {shape}")
    if not audio.is_floating_point():
        raise ValueError(f"audio must be floating point in [-1, 1], got {audio.dtype}")
    if audio.numel() == 0:
        raise ValueError(f"audio is empty: shape {tuple(audio.shape)} has no samples")
    peaks = audio.abs().amax(dim=1)
    for clip in (~torch.isfinite(peaks)).nonzero().flatten().tolist():
        raise ValueError(f"clip {clip} of the batch has NaN or infinite samples")
    for clip in (peaks > LARGEST_SAMPLE).nonzero().flatten().tolist():
        raise ValueError(
            f"clip {clip} of the batch has a sample of {peaks[clip]:.1e}; audio must lie in [-1, 1]"
        )
