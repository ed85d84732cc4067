"""Embeddings by transformers alone, as its documentation uses it: the truth for the adapter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.benchmark.adapters.small_models import transformers


class Direct:
    """A checkpoint with all its layers, called once on whole clips.

    Args:
        folder: The checkpoint.
        audio: Clips of one length, shape (clips, samples).
    """

    def __init__(self, folder: Path, audio: Tensor) -> None:
        config = transformers.AutoConfig.from_pretrained(folder)
        self.kind = config.model_type
        extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
        inputs = extractor(
            list(audio.numpy()), sampling_rate=extractor.sampling_rate, return_tensors="pt"
        )
        if self.kind == "clap":
            inputs["is_longer"] = torch.zeros(len(audio), 1, dtype=torch.bool)
            inputs["input_features"] = inputs["input_features"].float()
        model = self._model(folder)
        last = self._last_layer(model)
        last.register_forward_hook(self._keep)
        with torch.no_grad():
            self.output = model(**inputs, output_hidden_states=True)
        self.layers = len(self.output.hidden_states) - 1

    def frames(self, layer: int | None = None) -> Tensor:
        """Frames of what the model sees, (clips, frames, size): its output, or a layer's."""
        if layer is None:
            hidden = self.output.last_hidden_state
        elif layer == self.layers and self.kind != "clap":
            hidden = self.kept  # hidden_states[-1] is normalised in some versions and models
        else:
            hidden = self.output.hidden_states[layer]
        if self.kind == "audio-spectrogram-transformer":
            columns = [hidden[:, 2 + column :: 101] for column in range(101)]
            return torch.stack([column[:, :12].mean(dim=1) for column in columns], dim=1)
        if self.kind == "clap":
            return self._clap(hidden, last=layer is None)
        return hidden

    def _clap(self, hidden: Tensor, last: bool) -> Tensor:
        if last:  # clips, size, frequencies, columns
            return hidden.mean(dim=2).transpose(1, 2)
        rows = hidden.shape[2] // 4  # of each of the four parts, one above the other
        parts = [hidden[:, :, part * rows : (part + 1) * rows].mean(dim=2) for part in range(4)]
        return torch.cat(parts, dim=2).transpose(1, 2)

    def scene(self) -> Tensor | None:
        """The model's own embedding of the clip, if it has one."""
        if self.kind == "clap":
            return self.output.audio_embeds
        return getattr(self.output, "pooler_output", None)

    def _keep(self, layer: torch.nn.Module, inputs: Any, output: Any) -> None:
        self.kept = output[0] if isinstance(output, tuple) else output

    def _model(self, folder: Path) -> torch.nn.Module:
        if self.kind == "clap":
            return transformers.ClapAudioModelWithProjection.from_pretrained(folder).eval()
        model = transformers.AutoModel.from_pretrained(folder).eval()
        return model.encoder if self.kind == "whisper" else model

    def _last_layer(self, model: Any) -> torch.nn.Module:
        if self.kind == "clap":
            return model.audio_model.audio_encoder.layers[-1]
        if hasattr(model, "layers"):
            return model.layers[-1]
        layers = "layers" if hasattr(model.encoder, "layers") else "layer"
        return getattr(model.encoder, layers)[-1]
