"""AST (Audio Spectrogram Transformer): patches of a log-mel spectrogram, then a transformer.

The spectrogram has a frame of 400 samples every 160 (25 ms every 10 ms; Kaldi's fbank, which does
not pad). A patch is 16 frames wide, and patches begin every 10 frames, so that patch ``t`` is
centred on sample ``1600 t + 1399.5``: 87.5 ms, then every 100 ms. The model always sees 1,024
frames (10.26 s); after shorter audio, the extractor puts frames of zeros.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from benchmark.adapters.checkpoint_name import Layer
from benchmark.adapters.frame_grid import FrameGrid
from benchmark.adapters.layer_outputs import LayerOutputs, only_first
from benchmark.adapters.tower import Config, Extractor, Tower

# transformers' ASTFeatureExtractor has them as constants too, for its 16 kHz.
SAMPLE_RATE = 16000
FRAME = 400
FRAME_HOP = 160

TOKENS = 2  # before the patches: classification and distillation


def grid_of(config: Config) -> FrameGrid:
    """Columns of patches."""
    hop = config.time_stride * FRAME_HOP
    centre = (config.patch_size - 1) / 2 * FRAME_HOP + (FRAME - 1) / 2
    window = (config.max_length - 1) * FRAME_HOP + FRAME
    columns = (config.max_length - config.patch_size) // config.time_stride + 1
    return FrameGrid(hop, centre, centre, window, columns)


class SpectrogramTransformerTower(Tower):
    """AST without its classifier.

    A frame's embedding is the mean over the patches of its column. A clip's is the model's own, the
    mean of its two tokens after the last normalisation; of a named layer, the mean of its frames.

    Args:
        model: An ``ASTModel``.
        extractor: Its ``ASTFeatureExtractor``.
        layer: Which layer to read.
    """

    def __init__(self, model: nn.Module, extractor: Extractor, layer: Layer) -> None:
        config: Config = model.config
        super().__init__(config, extractor, layer)
        if extractor.sampling_rate != SAMPLE_RATE:
            raise ValueError(
                f"an AST checkpoint of {extractor.sampling_rate} Hz is not known to this adapter, "
                f"only those of {SAMPLE_RATE} Hz"
            )
        self.model = model
        self.grid = grid_of(config)
        self.rows = (config.num_mel_bins - config.patch_size) // config.frequency_stride + 1
        self.pass_samples = self.grid.window_samples
        self.size = self.scene_size = config.hidden_size
        self.outputs = LayerOutputs(_only_first(model, layer), layer)

    def prepare(self, audio: Tensor) -> Tensor:
        """Fill a clip that is shorter than a frame of the spectrogram up with zeros."""
        return nn.functional.pad(audio, (0, max(0, FRAME - audio.shape[1])))

    def embed(self, audio: Tensor) -> tuple[Tensor, Tensor | None]:
        """Columns of a window, those after its end included, and the model's own embedding."""
        inputs = self.features(audio, "input_values")
        if self.layer is None:
            output = self.model(inputs)
            return self._columns(output.last_hidden_state), output.pooler_output
        with self.outputs.recorded():
            self.model(inputs)
        return self._columns(self.outputs.result()), None

    def _columns(self, tokens: Tensor) -> Tensor:
        """Mean over frequency, (clips, tokens, size) -> (clips, columns, size)."""
        shape = (len(tokens), self.rows, self.grid.window_frames, self.size)
        patches = tokens[:, TOKENS:].reshape(shape)
        return patches.mean(dim=1)


def _only_first(model: Any, layer: Layer) -> nn.ModuleList:  # noqa: ANN401 -- of two versions
    """Take away the layers that are not needed, and give those that are left."""
    if hasattr(model, "layers"):
        model.layers = only_first(model.layers, layer)
        return model.layers  # type: ignore[no-any-return]
    model.encoder.layer = only_first(model.encoder.layer, layer)  # transformers 5.0
    return model.encoder.layer  # type: ignore[no-any-return]
