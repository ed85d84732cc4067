"""Whisper's encoder: a log-mel spectrogram of 30 s, two convolutions, then a transformer.

The encoder always sees 30 s, shorter audio with silence after it, as in training. Its frames are
320 samples apart (20 ms). Frame ``j`` is centred on sample ``320 j``: spectra are centred on
multiples of 160 samples (``torch.stft`` with ``center=True``), the first convolution keeps them and
the second, of stride 2 and kernel 3 with one column of padding, is centred on every other one.
"""

from __future__ import annotations

from torch import Tensor, nn

from benchmark.adapters.checkpoint_name import Layer
from benchmark.adapters.frame_grid import FrameGrid
from benchmark.adapters.layer_outputs import LayerOutputs, only_first
from benchmark.adapters.tower import Config, Extractor, Tower

STRIDE = 2  # of the second convolution, in log-mel frames


class WhisperTower(Tower):
    """Whisper without its decoder.

    Args:
        encoder: A ``WhisperEncoder``.
        extractor: Its ``WhisperFeatureExtractor``.
        layer: Which layer to read.
    """

    def __init__(self, encoder: nn.Module, extractor: Extractor, layer: Layer) -> None:
        config: Config = encoder.config
        super().__init__(config, extractor, layer)
        self.encoder = encoder
        hop = STRIDE * extractor.hop_length
        samples = extractor.n_samples
        # A frame counts if its centre is a sample of the clip.
        self.grid = FrameGrid(hop, 0, 1, samples, samples // hop)
        self.pass_samples = samples
        self.size = self.scene_size = config.d_model
        encoder.layers = only_first(encoder.layers, layer)  # type: ignore[arg-type]
        self.outputs = LayerOutputs(encoder.layers, layer)

    def prepare(self, audio: Tensor) -> Tensor:
        """Nothing: the spectrogram is scaled by the maximum of each window."""
        return audio

    def embed(self, audio: Tensor) -> tuple[Tensor, None]:
        """Frames of a window; those of the silence after it follow."""
        inputs = self.features(audio, "input_features")
        if self.layer is None:
            return self.encoder(inputs).last_hidden_state, None
        with self.outputs.recorded():
            self.encoder(inputs)
        return self.outputs.result(), None
