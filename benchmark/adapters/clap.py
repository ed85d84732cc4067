"""CLAP's audio tower: a log-mel spectrogram of 10 s, folded into a square, then a Swin transformer.

The spectrogram's 1,001 frames (480 samples apart at 48 kHz, centred) are stretched to 1,024, cut in
four and stacked. Each stage of the transformer halves what the one before left: its columns, put in
a row again, are 4, 8, 16 and 32 of the stretched frames wide. The extractor repeats audio that is
shorter than 10 s; frames are those of the first time.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.adapters.checkpoint_name import Layer
from benchmark.adapters.frame_grid import FrameGrid
from benchmark.adapters.layer_outputs import LayerOutputs
from benchmark.adapters.tower import Config, Extractor, Tower


def columns_of(config: Config, layer: int) -> int:
    """Columns of the square after a stage; 0 is before the first. The last stage keeps them."""
    stride = config.patch_stride
    width = stride if isinstance(stride, int) else stride[1]
    halvings = min(layer, len(config.depths) - 1)
    return int(config.spec_size // width // 2**halvings)


def grid_of(config: Config, extractor: Extractor, layer: int) -> FrameGrid:
    """Columns of all four parts, in a row."""
    parts = config.spec_size // config.num_mel_bins
    stretched, frames = config.spec_size * parts, parts * columns_of(config, layer)
    samples = extractor.nb_max_samples
    span = samples // extractor.hop_length * extractor.hop_length  # centre of the last frame
    step = span / (stretched - 1)  # samples from one stretched frame to the next
    width = stretched / frames
    centre = (width - 1) / 2 * step
    return FrameGrid(width * step, centre, centre, samples, frames)


class ClapTower(Tower):
    """CLAP without its text tower.

    A frame's embedding is the mean over frequency of its column. A clip's is the model's own,
    projected into the space that audio and text share (not scaled to length one); of a named layer,
    the mean of its frames.

    Args:
        model: A ``ClapAudioModelWithProjection``.
        extractor: Its ``ClapFeatureExtractor``.
        layer: Which stage to read.
    """

    def __init__(self, model: nn.Module, extractor: Extractor, layer: Layer) -> None:
        config: Config = model.config
        super().__init__(config, extractor, layer)
        if layer == "mean":
            raise ValueError(
                "CLAP's stages have embeddings of different lengths, which have no mean: name one, "
                f"?layer=0 to ?layer={len(config.depths)}"
            )
        assert layer != "all"
        self.model = model
        self.parts = config.spec_size // config.num_mel_bins
        number = len(config.depths) if layer is None else layer
        self.columns = columns_of(config, number)
        self.grid = grid_of(config, extractor, number)
        self.pass_samples = self.grid.window_samples
        self.size = config.patch_embeds_hidden_size * 2 ** min(number, len(config.depths) - 1)
        self.scene_size = config.projection_dim if layer is None else self.size
        encoder: nn.Module = model.audio_model.audio_encoder  # type: ignore[assignment,union-attr]
        self.outputs = LayerOutputs(encoder.layers, layer)  # type: ignore[arg-type]

    def prepare(self, audio: Tensor) -> Tensor:
        """Nothing: every window is taken for itself."""
        return audio

    def embed(self, audio: Tensor) -> tuple[Tensor, Tensor | None]:
        """Columns of a window, those after its end included, and the model's own embedding."""
        inputs = self.features(audio, "input_features")
        # The extractor of "fused" checkpoints calls one clip of a batch longer than 10 s, drawn by
        # chance, where none is. No window is.
        longer = torch.zeros(len(audio), 1, dtype=torch.bool, device=audio.device)
        if self.layer is None:
            output = self.model(inputs, is_longer=longer)
            frames = output.last_hidden_state.mean(dim=2).transpose(1, 2)
            return frames, output.audio_embeds
        with self.outputs.recorded():
            self.model(inputs, is_longer=longer)
        return self._in_a_row(self.outputs.result()), None

    def _in_a_row(self, cells: Tensor) -> Tensor:
        """Mean over frequency, parts one after the other.

        Args:
            cells: Shape (clips, parts * frequencies * columns, size).

        Returns:
            Shape (clips, parts * columns, size).
        """
        square = cells.reshape(len(cells), self.parts, -1, self.columns, self.size)
        return square.mean(dim=2).flatten(1, 2)
