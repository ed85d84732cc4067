"""What an exported file says about itself, and the names of what goes in and comes out."""

from __future__ import annotations

import hashlib
import json

import torch

from msssl_hear.model import HearModel
from msssl_hear.version import __version__

AUDIO = "audio"
SCENE = "scene_embeddings"
TIMESTAMPS = "timestamp_embeddings"
TIMESTAMPS_MS = "timestamps_ms"

LICENCE = "Apache-2.0"
"""Of the code and of the bundled weights. Weights of your own carry the card's ``licence``."""

FORMAT = "msssl-hear export 1"

METADATA_FILE = "msssl_hear.json"
"""In a ``.pt2`` file: an extra file of ``torch.export.load``."""


def metadata(model: HearModel) -> dict[str, str]:
    """What a file holds beside the network, as text: ONNX keeps nothing else.

    Args:
        model: The model in it.
    """
    facts = {
        "format": FORMAT,
        "model": model.row_label,
        "msssl_hear_version": __version__,
        "licence": str(model.card.get("licence", LICENCE)),
        "sample_rate": model.sample_rate,
        "scene_embedding_size": model.scene_embedding_size,
        "timestamp_embedding_size": model.timestamp_embedding_size,
        "hop_ms": model.hop_ms,
        "read_out": model.read_out,
        "weights_sha256": weights_sha256(model),
        "card": json.dumps(model.card, allow_nan=False),
    }
    return {name: str(value) for name, value in facts.items()}


def metadata_json(model: HearModel) -> str:
    """The same as one text."""
    return json.dumps(metadata(model), indent=2)


def weights_sha256(model: torch.nn.Module) -> str:
    """SHA-256 of parameters and buffers: names, types, shapes and bytes, float32.

    It is the hash that stands as ``weights_hash`` in every cell of ``msbench``, so that a file can
    be told to be the model of a table.
    """
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    digest = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        data = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        digest.update(data.numpy().tobytes())
    return digest.hexdigest()
