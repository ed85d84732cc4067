"""The HEAR model: front end, encoder and read-out of scene and timestamp embeddings."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from msssl_hear.encoder import COARSEST_STRIDE, HOP_FRAMES, Encoder
from msssl_hear.fused_encoder import fuse_for_embedding, set_plain
from msssl_hear.log_frequency import LogFrequency, spectral_contrast
from msssl_hear.log_mel import LogMel
from msssl_hear.read_out import (
    READ_OUTS,
    READS_CONTRAST,
    Frames,
    ReadOutName,
    on_the_grid,
    scene_embedding,
    scene_size,
    timestamp_embeddings,
    timestamp_size,
)
from msssl_hear.read_out_statistics import ReadOutStatistics

CHUNK_FRAMES = 96 * COARSEST_STRIDE
"""Log-mel frames encoded at a time (30.72 s): bounds memory on long audio."""

GROUP_FRAMES = 2 * CHUNK_FRAMES
"""Log-mel frames in one call of the encoder on a CPU, over all clips of a group."""

GPU_GROUP_FRAMES = 16 * CHUNK_FRAMES
"""The same on a GPU (491 s): with small groups it would mostly wait for kernels to be started. The
bundled encoder takes 14 kB a frame, 0.7 GB in all."""

LARGEST_SAMPLE = 1e6
"""Peaks beyond it are refused: HEAR's audio lies in [-1, 1]."""

LOUD_SAMPLE = 16.0
"""Peaks beyond it, 24 dB above full scale, are warned of: whole numbers as floats, mostly."""


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
        read_out: How frames become embeddings; None is the card's ``read_out``, or ``max_mean``
            where it says none.
        statistics: For the read-out ``scaled``, without which it does not work; others need none.

    Raises:
        ValueError: There is no such read-out, or its statistics are missing.
    """

    def __init__(
        self,
        log_mel: LogMel,
        encoder: Encoder,
        card: dict[str, Any],
        row_label: str,
        read_out: ReadOutName | None = None,
        statistics: ReadOutStatistics | None = None,
    ) -> None:
        super().__init__()
        self.log_mel = log_mel
        self.encoder = encoder
        self.read_out: ReadOutName = read_out or card.get("read_out") or "max_mean"
        self.has_branch = encoder.config.pitch_numbers > 0
        if self.read_out not in READ_OUTS:
            raise ValueError(f"read-out {self.read_out!r} is none of {', '.join(READ_OUTS)}")
        if self.read_out == "scaled" and statistics is None:
            raise ValueError(
                f"{row_label}: these weights have no statistics for the read-out scaled; fit them "
                "with mspretrain read-out, or name another read-out"
            )
        self.statistics = statistics if self.read_out == "scaled" else None
        self.reads_contrast = self.read_out in READS_CONTRAST
        needed = self.has_branch or self.reads_contrast
        self.log_frequency = LogFrequency() if needed else None
        self.card = card
        self.row_label = row_label
        self.row_note: str | None = card.get("note")
        self.row_licence: str | None = card.get("licence")  # of the weights, an SPDX expression
        self.sample_rate = log_mel.config.sample_rate
        sizes = encoder.config.size, encoder.config.n_mels
        self.scene_embedding_size = scene_size(self.read_out, *sizes)
        self.timestamp_embedding_size = timestamp_size(self.read_out, *sizes)
        self._with_kernels = False
        self.hop_ms = 1000.0 * HOP_FRAMES * log_mel.config.hop_length / self.sample_rate
        self.eval()

    def frame_embeddings(self, audio: Tensor) -> Tensor:
        """Embeddings of frames, one per 40 ms, by the model's read-out.

        Args:
            audio: Waveform in [-1, 1], float, shape (batch, samples), samples >= 1.

        Returns:
            float32, shape (batch, frames, timestamp_embedding_size). Frame ``j`` is centred
            ``j * hop_ms`` ms after the first sample; the last one lies within the clip.

        Raises:
            ValueError: If the audio is not of that kind.
        """
        return timestamp_embeddings(self.read_out, self.frames(audio), self.statistics)

    def scene_embeddings(self, audio: Tensor) -> Tensor:
        """One embedding per clip, by the model's read-out.

        Args:
            audio: As for ``frame_embeddings``.

        Returns:
            float32, shape (batch, scene_embedding_size).
        """
        return scene_embedding(self.read_out, self.frames(audio), self.statistics)

    def timestamps(self, frames: int) -> Tensor:
        """Centres of that many frames, ms, float32, shape (frames,)."""
        # A product, not a running sum: no drift over 20 minutes. All multiples of 40 are exact.
        return (torch.arange(frames, dtype=torch.float64) * self.hop_ms).float()

    @property
    def _margin(self) -> int:
        """Log-mel frames of context on each side of a chunk."""
        return -(-self.encoder.context_frames // COARSEST_STRIDE) * COARSEST_STRIDE

    def frames(self, audio: Tensor) -> Frames:
        """What is known about each frame, before the read-out.

        Args:
            audio: As for ``frame_embeddings``.
        """
        check_audio(audio)
        audio = audio.to(self.log_mel.mean)
        frames_per_clip = min(
            self.log_mel.frame_count(audio.shape[1]), CHUNK_FRAMES + 2 * self._margin
        )
        self._choose_layers(audio)
        together = GROUP_FRAMES if audio.device.type == "cpu" else GPU_GROUP_FRAMES
        group = max(1, together // frames_per_clip)
        return _join([self._encode_in_chunks(clips) for clips in torch.split(audio, group)], dim=0)

    def _choose_layers(self, audio: Tensor) -> None:
        """On a CUDA device, where no gradient is asked for, the layers are kernels of ours."""
        plain = torch.is_grad_enabled() or torch.compiler.is_compiling()
        wanted = audio.device.type == "cuda" and audio.dtype == torch.float32 and not plain
        if wanted == self._with_kernels:
            return
        self._with_kernels = wanted
        if not wanted:
            set_plain(self.encoder)
            return
        for name, reason in fuse_for_embedding(self.encoder, audio.device).items():
            warnings.warn(
                f"{name}: without kernels of our own, slower but the same ({reason})",
                RuntimeWarning,
                stacklevel=2,
            )

    def _encode_in_chunks(self, audio: Tensor) -> Frames:
        frames = self.log_mel.frame_count(audio.shape[1])
        padded = self.log_mel.pad(audio)
        padded_long = None if self.log_frequency is None else self.log_frequency.pad(audio)
        chunks = []
        for start, stop, first, last in self._chunks(frames):
            power = self.log_mel.power_of_padded(self._frames_of(padded, first, last))
            log_mel = self.log_mel.normalise(self.log_mel.log_mel(power))
            lead = (start - first) // HOP_FRAMES
            positions = -(-(stop - start) // HOP_FRAMES)
            own = slice(lead, lead + positions)
            contrast = None
            if padded_long is not None:
                # The pitch branch needs it in the margins, too.
                begin, end = (first, last) if self.has_branch else (start, stop)
                heard = -(-(end - begin) // HOP_FRAMES)
                contrast = self._contrast_of(padded_long, begin // HOP_FRAMES, heard)
            learnt = self.encoder(log_mel, contrast=contrast)[:, own]
            if contrast is not None and self.has_branch:
                contrast = contrast[:, own] if self.reads_contrast else None
            chunks.append(Frames(learnt, on_the_grid(log_mel)[:, own], contrast))
        return _join(chunks, dim=1)

    def _chunks(self, frames: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield each chunk's own frames [start, stop) and those encoded with it [first, last)."""
        for start in range(0, frames, CHUNK_FRAMES):
            stop = min(start + CHUNK_FRAMES, frames)
            yield start, stop, max(0, start - self._margin), min(frames, stop + self._margin)

    def _frames_of(self, padded: Tensor, first: int, last: int) -> Tensor:
        config = self.log_mel.config
        return padded[:, first * config.hop_length : (last - 1) * config.hop_length + config.n_fft]

    def _contrast_of(self, padded: Tensor, first: int, positions: int) -> Tensor:
        """Spectral contrast of that many frames from the first one on."""
        assert self.log_frequency is not None
        config = self.log_frequency.config
        begin = first * config.hop_length
        end = begin + (positions - 1) * config.hop_length + config.n_fft
        log_power = self.log_frequency.of_padded(padded[:, begin:end])
        return spectral_contrast(log_power, config.bins_per_octave)


def _join(parts: list[Frames], dim: int) -> Frames:
    learnt, log_mels, contrasts = zip(*parts, strict=True)
    return Frames(
        torch.cat(learnt, dim),
        torch.cat(log_mels, dim),
        None if contrasts[0] is None else torch.cat(contrasts, dim),
    )


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
    for clip in (peaks > LOUD_SAMPLE).nonzero().flatten().tolist():
        peak = float(peaks[clip])
        what = f"clip {clip} of the batch has a sample of {peak:.1e}; audio must lie in [-1, 1]"
        if peak > LARGEST_SAMPLE:
            raise ValueError(what)
        warnings.warn(f"{what}: divide 16-bit numbers by 32768", stacklevel=3)
