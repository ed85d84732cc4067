"""What the families of models have in common: audio of one window to frames."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmark.adapters.checkpoint_name import Layer
from benchmark.adapters.frame_grid import FrameGrid

Config = Any
"""transformers' configuration of a model; its attributes differ by family."""

Extractor = Any
"""transformers' feature extractor: a waveform to what the model takes."""


class Tower(nn.Module):
    """A model's audio tower with its feature extractor, read at a layer.

    Args:
        config: The model's configuration.
        extractor: Its feature extractor.
        layer: Which layer to read.

    Attributes:
        grid: Where its frames lie.
        pass_samples: Samples that the model really sees for a short window; 0: the window's own.
        size: Length of a frame's embedding.
        scene_size: Length of a clip's embedding.
    """

    grid: FrameGrid
    pass_samples: int
    size: int
    scene_size: int

    def __init__(self, config: Config, extractor: Extractor, layer: Layer) -> None:
        super().__init__()
        self.config = config
        self.extractor = extractor
        self.layer = layer

    @abstractmethod
    def prepare(self, audio: Tensor) -> Tensor:
        """What depends on the whole clip, before it is cut into windows.

        Args:
            audio: Waveforms at the model's rate, float32, shape (clips, samples).

        Returns:
            Waveforms of the same shape, or longer where a clip is shorter than a frame.
        """

    @abstractmethod
    def embed(self, audio: Tensor) -> tuple[Tensor, Tensor | None]:
        """Embed a window.

        Args:
            audio: From ``prepare``, one window of it, shape (clips, samples).

        Returns:
            Frames, float32, shape (clips, frames, size), from the window's first sample on, at
            least as many as the audio has; and the model's own embedding of the window, shape
            (clips, scene_size), or None where clips are the mean of their frames.
        """

    def features(self, audio: Tensor, key: str) -> Tensor:
        """What the feature extractor makes of clips, by its name for it, on the audio's device."""
        clips: list[NDArray[np.float32]] = list(audio.cpu().numpy())
        rate = self.extractor.sampling_rate
        extracted = self.extractor(clips, sampling_rate=rate, return_tensors="pt")
        values: Tensor = extracted[key].to(audio)
        return values
