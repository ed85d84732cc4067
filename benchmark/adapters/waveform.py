"""Convolutions over the waveform, then a transformer: wav2vec 2.0, HuBERT, WavLM, data2vec-audio.

The convolutions use no padding, so that a frame's receptive field is known to the sample. With
kernels 10, 3, 3, 3, 3, 2, 2 and strides 5, 2, 2, 2, 2, 2, 2 it is 400 samples, every 320: 25 ms
every 20 ms at 16 kHz, the first one centred 12.47 ms after the clip's first sample.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from benchmark.adapters.checkpoint_name import Layer
from benchmark.adapters.frame_grid import FrameGrid
from benchmark.adapters.layer_outputs import LayerOutputs, only_first
from benchmark.adapters.tower import Config, Extractor, Tower

MODEL_TYPES = ("wav2vec2", "hubert", "wavlm", "data2vec-audio", "unispeech", "unispeech-sat")

WINDOW_SECONDS = 30
"""Longest audio in one pass: attention's memory grows with its square. Pretraining saw 15 s."""


def receptive_field(kernels: Sequence[int], strides: Sequence[int]) -> tuple[int, int]:
    """Samples that a frame is made of, and samples from one frame to the next.

    A convolution's output sees ``kernel - 1`` more inputs than one, each as far apart as the
    product of the strides before it.
    """
    width, hop = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        width += (kernel - 1) * hop
        hop *= stride
    return width, hop


def grid_of(kernels: Sequence[int], strides: Sequence[int], sample_rate: int) -> FrameGrid:
    """Frames of a stack of convolutions without padding."""
    width, hop = receptive_field(kernels, strides)
    window = WINDOW_SECONDS * sample_rate
    frames = (window - width) // hop + 1
    return FrameGrid(hop, (width - 1) / 2, width, window, frames)


class WaveformTower(Tower):
    """A model of this kind.

    Args:
        model: From transformers, e.g. a ``HubertModel``.
        extractor: Its ``Wav2Vec2FeatureExtractor``.
        layer: Which layer to read.
    """

    def __init__(self, model: nn.Module, extractor: Extractor, layer: Layer) -> None:
        config: Config = model.config
        super().__init__(config, extractor, layer)
        self.model = model
        self.grid = grid_of(config.conv_kernel, config.conv_stride, extractor.sampling_rate)
        self.pass_samples = 0
        self.size = self.scene_size = config.hidden_size
        encoder: nn.Module = model.encoder  # type: ignore[assignment]
        encoder.layers = only_first(encoder.layers, layer)  # type: ignore[arg-type]
        self.outputs = LayerOutputs(encoder.layers, layer)

    def prepare(self, audio: Tensor) -> Tensor:
        """Scale each clip as the feature extractor does: by its own mean and variance, or not.

        A clip that is shorter than a frame is then filled up with zeros, as the extractor pads.
        """
        values = self.features(audio, "input_values")
        return nn.functional.pad(values, (0, max(0, int(self.grid.needs) - values.shape[1])))

    def embed(self, audio: Tensor) -> tuple[Tensor, None]:
        """Frames of a window. No attention mask: the clips of a batch have one length."""
        if self.layer is None:
            return self.model(audio).last_hidden_state, None
        with self.outputs.recorded():
            self.model(audio)
        return self.outputs.result(), None
