"""PANNs weights from a file: the authors' ``.pth``, or ours as safetensors."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from benchmark.baselines.panns.cnn import ARCHITECTURES, Architecture, Panns
from msssl_common.files import write_bytes, write_text

Card = dict[str, Any]

# The front end's DFT, stored as frozen convolutions: torch.stft computes the same, and
# tests/parity/test_panns.py shows it.
STORED_DFT = "spectrogram_extractor."

# The authors' training code saves the sampler's state, NumPy arrays, beside the weights. These are
# what such a pickle refers to, by its names in NumPy 1 and 2. None of them runs code from the file.
_ARRAY, _SCALAR = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
NUMPY_IN_PICKLES: list[Any] = [
    *((_ARRAY, f"numpy.{core}.multiarray._reconstruct") for core in ("core", "_core")),
    *((_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    np.ndarray,
    np.dtype,
    *(type(np.dtype(kind)) for kind in (np.int64, np.int32, np.float64, np.float32, np.bool_)),
]


def load_weights(path: Path) -> tuple[Panns, Card]:
    """Build the network that a checkpoint belongs to, and fill it.

    Args:
        path: ``*.safetensors``, or a file that the authors' code wrote.

    Returns:
        Network, float32, on the CPU, in evaluation mode; and the card, empty for a ``.pth``.

    Raises:
        ValueError: The file cannot be read, or holds another network.
    """
    if path.suffix == ".safetensors":
        weights, card = _read_safetensors(path)
    else:
        weights, card = _read_pth(path), {}
    weights = {k: v for k, v in weights.items() if not k.startswith(STORED_DFT)}
    model = _network_for(weights, path)
    model.load_state_dict(weights)
    return model.eval(), card


def save_weights(path: Path, model: Panns, card: Card) -> None:
    """Write a network as safetensors, its matrices in half precision, and its card beside it.

    Args:
        path: Target, ``*.safetensors``. Both files are written under a temporary name and renamed.
        model: Statistics of batch normalisation, biases and the mel matrix keep their precision.
        card: What is to be known about the weights; must survive JSON.
    """
    halves = {name for name, weight in model.named_parameters() if weight.ndim > 1}
    tensors = {
        name: (weight.half() if name in halves else weight).cpu().contiguous()
        for name, weight in model.state_dict().items()
    }
    text = json.dumps(card, indent=2, allow_nan=False)
    write_bytes(path, save(tensors, metadata={"card": text}))
    write_text(path.with_suffix(".json"), text + "\n")


def _read_pth(path: Path) -> dict[str, Tensor]:
    try:
        with torch.serialization.safe_globals(NUMPY_IN_PICKLES):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise ValueError(
            f"{path} cannot be read as a PyTorch checkpoint: it is damaged, of another kind, or "
            "holds Python objects other than tensors and arrays (these are never executed)"
        ) from error
    weights = content.get("model", content) if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(v, Tensor) for v in weights.values()):
        raise ValueError(f"{path} holds no weights: PANNs checkpoints keep theirs under 'model'")
    return weights


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], Card]:
    try:
        with safe_open(path, framework="pt") as file:
            card = json.loads((file.metadata() or {}).get("card", "{}"))
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as safetensors: {error}") from error
    return weights, card


def _network_for(weights: dict[str, Tensor], path: Path) -> Panns:
    """The network whose parameters have the names and shapes of the checkpoint's."""
    classes = len(weights["fc_audioset.weight"]) if "fc_audioset.weight" in weights else 1
    differences = {a: _differences(weights, a, classes) for a in ARCHITECTURES}
    nearest = min(differences, key=lambda architecture: len(differences[architecture]))
    if differences[nearest]:
        raise ValueError(
            f"{path} is no checkpoint of PANNs' Cnn14 or Cnn6: {differences[nearest][0]} "
            f"(compared with {nearest.name}, the nearest)"
        )
    return Panns(nearest, classes)


def _differences(weights: dict[str, Tensor], architecture: Architecture, classes: int) -> list[str]:
    with torch.device("meta"):
        expected = Panns(architecture, classes).state_dict()
    found = [
        f"{name} has shape {tuple(weights[name].shape)}, not {tuple(expected[name].shape)}"
        for name in expected
        if name in weights and weights[name].shape != expected[name].shape
    ]
    found += [f"{name} is missing" for name in expected if name not in weights]
    return found + [f"{name} has no place in it" for name in weights if name not in expected]
