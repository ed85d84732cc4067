"""HEAR module of checkpoints in transformers' format, from the Hugging Face hub or a folder.

``benchmark.adapters.transformers=facebook/hubert-base-ls960``, ``=OWNER/NAME@REVISION`` or
``=FOLDER``; ``?layer=7``, ``?layer=mean`` and ``?layer=all`` (a row per layer) choose what is read.
docs/transformers.md says what is done to the audio.

Example:
    >>> from benchmark.adapters import transformers as hear
    >>> model = hear.load_model("facebook/hubert-base-ls960?layer=7")
    >>> hear.get_scene_embeddings(torch.zeros(2, model.sample_rate), model).shape
    torch.Size([2, 768])
"""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.adapters.checkpoint_name import parse
from benchmark.adapters.hub import facts_of
from benchmark.adapters.model import TransformersModel
from benchmark.adapters.pretrained import config_of, layer_count

__all__ = ["checkpoints", "get_scene_embeddings", "get_timestamp_embeddings", "load_model"]


def load_model(model_file_path: str = "") -> TransformersModel:
    """Load a checkpoint.

    Args:
        model_file_path: Hub id or folder, with options; see `benchmark.adapters.checkpoint_name`.

    Returns:
        The model on the CPU, float32, in evaluation mode.

    Raises:
        ValueError: One sentence: no such checkpoint, revision, layer or option; a family without an
            adapter; no connection; code or weights that are not read without being asked for.
    """
    return TransformersModel(parse(model_file_path))


def get_scene_embeddings(audio: Tensor, model: TransformersModel) -> Tensor:
    """One embedding per clip.

    Args:
        audio: Mono waveforms at ``model.sample_rate``, float in [-1, 1], shape (clips, samples).
        model: From ``load_model``.

    Returns:
        float32, shape (clips, model.scene_embedding_size): the mean of the clip's frames, or, of
        AST and CLAP without a named layer, the model's own embedding of the clip.
    """
    with torch.no_grad():
        return model.scenes(audio)


def get_timestamp_embeddings(audio: Tensor, model: TransformersModel) -> tuple[Tensor, Tensor]:
    """The frames of each clip.

    Args:
        audio: As for ``get_scene_embeddings``.
        model: From ``load_model``.

    Returns:
        Embeddings, float32, shape (clips, frames, model.timestamp_embedding_size); and the centre
        of the audio that each frame is made of, **ms**, float32, shape (clips, frames).
    """
    with torch.no_grad():
        frames, _ = model.frames(audio)
    times = model.times(audio.shape[1]).to(frames.device)
    return frames, times.expand(len(audio), -1)


def checkpoints(model_file_path: str) -> list[str]:
    """Rows that a text stands for: itself, or of ``?layer=all`` one per layer.

    The number of layers is read from the configuration; no weights are fetched or loaded.

    Args:
        model_file_path: As for ``load_model``.

    Raises:
        ValueError: As ``load_model``.
    """
    checkpoint = parse(model_file_path)
    if checkpoint.layer != "all":
        return [model_file_path]
    layers = layer_count(config_of(checkpoint, facts_of(checkpoint)))
    return [str(checkpoint.of_layer(layer)) for layer in range(layers + 1)]
