"""HEAR module of the encoder trained with clip, frame and pitch sampling strategies.

Example:
    >>> import torch, msssl_hear
    >>> model = msssl_hear.load_model()
    >>> audio = torch.zeros(2, model.sample_rate)
    >>> msssl_hear.get_scene_embeddings(audio, model).shape
    torch.Size([2, 2214])
    >>> embeddings, timestamps = msssl_hear.get_timestamp_embeddings(audio, model)
    >>> embeddings.shape, timestamps[0, :3]
    (torch.Size([2, 26, 851]), tensor([ 0., 40., 80.]))
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from msssl_hear.checkpoint import load_checkpoint, load_statistics
from msssl_hear.model import HearModel
from msssl_hear.read_out import READ_OUTS, ReadOutName
from msssl_hear.version import __version__

__all__ = [
    "__version__",
    "get_scene_embeddings",
    "get_timestamp_embeddings",
    "load_model",
]

WEIGHTS = Path(__file__).parent / "weights"
KNOWN_WEIGHTS = ("multi", "cola", "multi_branch", "cola_debian")
LICENCE = "Apache-2.0"
"""Of the bundled weights."""


def load_model(model_file_path: str = "") -> HearModel:
    """Load an encoder.

    Args:
        model_file_path: Empty for the bundled ``multi`` weights (clip, frame and pitch strategies),
            another bundled name (``cola``; ``multi_branch`` and ``cola_debian``, which anyone can
            train again: docs/encoder.md), or the path of a checkpoint that ``mspretrain`` wrote.
            Embeddings are by the read-out of its card, or by the one behind the name:
            ``multi:paper``, ``:max_mean``, ``:full`` or, where a checkpoint has statistics for it,
            ``:scaled`` (``msssl_hear.read_out``).

    Returns:
        The model on the CPU, in evaluation mode.

    Raises:
        FileNotFoundError: If there is no such name or file.
        ValueError: If the file is no checkpoint of this encoder, or has no statistics for the
            read-out.
    """
    name, colon, asked = model_file_path.rpartition(":")
    read_out = next((known for known in READ_OUTS if known == asked and colon), None)
    if read_out is None:
        name = model_file_path
    name = name or "multi"
    suffix = "" if read_out is None else f":{read_out}"
    if name in KNOWN_WEIGHTS:
        weights = WEIGHTS / f"{name}.safetensors"
        model = _read_model(weights, name + suffix, read_out)
        model.row_licence = model.row_licence or LICENCE
        return model
    if not Path(name).exists():
        raise FileNotFoundError(
            f"'{name}' is neither a file nor one of the known weights: {', '.join(KNOWN_WEIGHTS)}; "
            f"behind either may stand a read-out, :{', :'.join(READ_OUTS)}"
        )
    file = Path(name)
    # A run folder's file is always weights.safetensors: there the folder is the name.
    label = file.resolve().parent.name if file.stem == "weights" else file.stem
    return _read_model(file, label + suffix, read_out)


def _read_model(weights: Path, label: str, read_out: ReadOutName | None) -> HearModel:
    return HearModel(*load_checkpoint(weights), label, read_out, load_statistics(weights))


def get_scene_embeddings(audio: Tensor, model: HearModel) -> Tensor:
    """One embedding per clip.

    Args:
        audio: Mono waveforms at ``model.sample_rate``, float in [-1, 1], shape (clips, samples).
        model: From ``load_model``.

    Returns:
        float32, shape (clips, model.scene_embedding_size).
    """
    return model.scene_embeddings(audio)


def get_timestamp_embeddings(audio: Tensor, model: HearModel) -> tuple[Tensor, Tensor]:
    """Embeddings at regular times of each clip.

    Args:
        audio: As for ``get_scene_embeddings``.
        model: From ``load_model``.

    Returns:
        Embeddings, float32, shape (clips, frames, model.timestamp_embedding_size), and the centre
        of each frame in **ms**, float32, shape (clips, frames).
    """
    embeddings = model.frame_embeddings(audio)
    timestamps = model.timestamps(embeddings.shape[1]).to(embeddings.device)
    return embeddings, timestamps.expand(len(audio), -1)
