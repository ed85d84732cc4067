"""The whole model as a ``torch.export`` program, which runs without this package.

A program must not branch on the number of samples. So clips are padded to whole strides of the
coarsest stage, the encoder masks what is padding (as it does for batches of unequal clips in
pretraining), and what is beyond the clip is taken off at the end.
"""

from __future__ import annotations

import io
import zipfile

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from msssl_hear.encoder import COARSEST_STRIDE, HOP_FRAMES
from msssl_hear.export.metadata import AUDIO, METADATA_FILE, metadata_json
from msssl_hear.log_frequency import spectral_contrast
from msssl_hear.model import HearModel
from msssl_hear.read_out import PLAIN_SCALE, Frames, timestamp_embeddings

STRIDES_ADDED = 3
"""Whole strides beyond the clip's. With fewer, a stage could have a single output, and torch would
make a program for that case or for all others, but not for both."""

EXAMPLE_SAMPLES = 16_000
PICKLED = b"PK\x03\x04"
"""How a member of the archive begins that ``torch.save`` wrote: a zip file with a pickle in it."""


def torch_program(model: HearModel) -> bytes:
    """Trace a model into a program for any batch and any number of samples.

    Args:
        model: From ``msssl_hear.load_model``.

    Returns:
        A ``.pt2`` file for ``torch.export.load``. The program takes ``audio``, float32, shape
        (batch, samples), and returns scene embeddings, timestamp embeddings and timestamps in ms,
        as ``onnx_model`` says.

    Raises:
        ValueError: This torch would put pickles into the file.
    """
    whole = WholeModel(model).eval().requires_grad_(False)
    any_size = {AUDIO: {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}}
    example = torch.zeros(2, EXAMPLE_SAMPLES)
    with torch.no_grad():
        program = torch.export.export(whole, (example,), dynamic_shapes=any_size, strict=False)
    program.example_inputs = None  # they would be pickled
    file = io.BytesIO()
    torch.export.save(program, file, extra_files={METADATA_FILE: metadata_json(model)})
    _refuse_pickles(file)
    return file.getvalue()


class WholeModel(nn.Module):
    """Front ends, encoder and read-out with no branch on the number of samples.

    Args:
        model: The model; its modules are shared, not copied.
    """

    def __init__(self, model: HearModel) -> None:
        super().__init__()
        self.log_mel = model.log_mel
        self.encoder = model.encoder
        self.log_frequency = model.log_frequency
        self.read_out = model.read_out
        self.statistics = model.statistics
        self.hop_ms = model.hop_ms

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scene embeddings, timestamp embeddings, and timestamps in ms, shape (frames,)."""
        samples = audio.shape[1]
        strides = samples // (COARSEST_STRIDE * self.log_mel.config.hop_length) + STRIDES_ADDED
        log_mel = self._log_mel(audio, strides * COARSEST_STRIDE)
        count = self.log_mel.frame_count(samples)
        lengths = torch.full(audio.shape[:1], count, device=audio.device)
        own = torch.arange(log_mel.shape[1], device=audio.device) < count
        positions = strides * (COARSEST_STRIDE // HOP_FRAMES)
        contrast = None
        if self.log_frequency is not None:
            contrast = self._contrast(audio, positions)
        learnt = self.encoder(log_mel, lengths, contrast)
        frames = Frames(learnt, _pooled(log_mel, own), contrast)
        own = own[::HOP_FRAMES]
        hops = torch.arange(positions, device=audio.device, dtype=torch.float64)
        return (
            self._scene(frames, own),
            timestamp_embeddings(self.read_out, frames, self.statistics)[:, own],
            (hops * self.hop_ms).float()[own],
        )

    def _log_mel(self, audio: Tensor, frames: int) -> Tensor:
        config = self.log_mel.config
        padded = _padded(audio, config.n_fft, config.hop_length, frames)
        power = self.log_mel.power_of_padded(padded)
        return self.log_mel.normalise(self.log_mel.log_mel(power))

    def _contrast(self, audio: Tensor, frames: int) -> Tensor:
        assert self.log_frequency is not None
        config = self.log_frequency.config
        padded = _padded(audio, config.n_fft, config.hop_length, frames)
        log_power = self.log_frequency.of_padded(padded)
        return spectral_contrast(log_power, config.bins_per_octave)

    def _scene(self, frames: Frames, own: Tensor) -> Tensor:
        """``scene_embedding`` of the clip's own frames."""
        learnt = frames.learnt
        parts = [_maximum(learnt, own)]
        if self.statistics is not None:
            assert frames.contrast is not None
            parts += [_mean(frames.log_mel, own), _deviation(frames.log_mel, own)]
            parts += [_maximum(frames.contrast, own)]
            return self.statistics.scene(torch.cat(parts, dim=1))
        if self.read_out != "paper":
            parts.append(_mean(learnt, own))
        if self.read_out == "full":
            assert frames.contrast is not None
            log_mel, contrast = PLAIN_SCALE * frames.log_mel, PLAIN_SCALE * frames.contrast
            parts += [_deviation(learnt, own), _mean(log_mel, own), _deviation(log_mel, own)]
            parts += [_mean(contrast, own), _maximum(contrast, own)]
        return torch.cat(parts, dim=1)


def _padded(audio: Tensor, n_fft: int, hop_length: int, frames: int) -> Tensor:
    """Audio with zeros on both sides, as long as that many frames are."""
    half = n_fft // 2
    return F.pad(audio, (half, (frames - 1) * hop_length + n_fft - half - audio.shape[1]))


def _pooled(log_mel: Tensor, own: Tensor) -> Tensor:
    """``on_the_grid`` of the clip's own frames."""
    half = HOP_FRAMES // 2

    def pool(x: Tensor) -> Tensor:
        return F.avg_pool1d(x, 2 * half + 1, stride=HOP_FRAMES, padding=half)

    mask = own.to(log_mel)
    counted = pool(mask.expand(1, 1, -1)).clamp_min(1.0 / (2 * half + 1))  # one frame at least
    return (pool((log_mel * mask[:, None]).transpose(1, 2)) / counted).transpose(1, 2)


def _maximum(x: Tensor, own: Tensor) -> Tensor:
    return torch.where(own[:, None], x, -torch.inf).amax(dim=1)


def _mean(x: Tensor, own: Tensor) -> Tensor:
    return torch.where(own[:, None], x, 0.0).sum(dim=1) / own.sum()


def _deviation(x: Tensor, own: Tensor) -> Tensor:
    """Standard deviation, correction 0."""
    return _mean((x - _mean(x, own).unsqueeze(1)).square(), own).sqrt()


def _refuse_pickles(file: io.BytesIO) -> None:
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                if member.read(len(PICKLED)) == PICKLED:
                    raise ValueError(
                        f"torch {torch.__version__} would put a pickle into the file ({name}): "
                        "take a newer torch, or the format onnx"
                    )
