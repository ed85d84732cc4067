"""A small clean HEAR module, and how to break it: the modules of the protocol's table."""

from collections.abc import Callable
from types import ModuleType

import torch
from torch import Tensor, nn

SAMPLE_RATE = 16000
SIZE = 8


class FakeModel(nn.Module):
    """Log energies of 8 bands, one embedding every ``hop_ms``, seeing ``window_ms`` around it."""

    def __init__(self, hop_ms: float = 50, window_ms: float = 50) -> None:
        super().__init__()
        self.sample_rate = SAMPLE_RATE
        self.scene_embedding_size = SIZE
        self.timestamp_embedding_size = SIZE
        self.hop_ms = hop_ms
        self.hop = round(hop_ms * SAMPLE_RATE / 1000)
        self.window = 2 * round(window_ms * SAMPLE_RATE / 2000)

    def frames(self, audio: Tensor) -> Tensor:
        """(clips, samples) -> (clips, 1 + samples // hop, size)."""
        padded = nn.functional.pad(audio, (self.window // 2, self.window // 2))
        windows = padded.unfold(1, self.window, self.hop) * torch.hann_window(self.window)
        power = torch.fft.rfft(windows, n=self.window).abs().square()[..., 1:]
        bands = power.unflatten(-1, (SIZE, -1)).mean(-1)
        return torch.log(bands + 1e-6)

    def timestamps(self, embeddings: Tensor) -> Tensor:
        """ms, (clips, frames)."""
        clips, frames, _ = embeddings.shape
        return (torch.arange(frames, dtype=torch.float64) * self.hop_ms).float().repeat(clips, 1)


Timestamps = Callable[[Tensor, FakeModel], tuple[Tensor, Tensor]]
Scene = Callable[[Tensor, FakeModel], Tensor]


def clean_timestamps(audio: Tensor, model: FakeModel) -> tuple[Tensor, Tensor]:
    embeddings = model.frames(audio)
    return embeddings, model.timestamps(embeddings)


def clean_scene(audio: Tensor, model: FakeModel) -> Tensor:
    return model.frames(audio).mean(1)


def hear_module(
    model: object = None,
    timestamps: Timestamps = clean_timestamps,
    scene: Scene = clean_scene,
    without: str = "",
) -> ModuleType:
    """A module with the given model and functions, less the function named in ``without``."""
    module = ModuleType("fake_hear_module")
    made = FakeModel() if model is None else model
    module.load_model = lambda path="": made
    module.get_timestamp_embeddings = timestamps
    module.get_scene_embeddings = scene
    if without:
        delattr(module, without)
    return module


def model_with(**attributes: object) -> FakeModel:
    model = FakeModel()
    for name, value in attributes.items():
        setattr(model, name, value)
    return model


def model_without(attribute: str) -> FakeModel:
    model = FakeModel()
    delattr(model, attribute)
    return model


def changed(change: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]) -> Timestamps:
    """``get_timestamp_embeddings`` whose clean output is changed."""
    return lambda audio, model: change(*clean_timestamps(audio, model))
