"""Weights on disk: safetensors with a JSON card, never a pickle.

The card (recipe, data, steps, date, metrics, and the configuration that rebuilds the network) lies
in the safetensors metadata, so that one file is enough, and again beside it as ``NAME.json`` for
people.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from msssl_hear.encoder import Encoder, EncoderConfig
from msssl_hear.log_frequency import LogFrequencyConfig
from msssl_hear.log_mel import LogMel, LogMelConfig

FORMAT = "msssl-hear encoder 1"


def save_checkpoint(
    path: Path,
    log_mel: LogMel,
    encoder: Encoder,
    card: dict[str, Any],
    dtype: torch.dtype = torch.float16,
) -> None:
    """Write front end, encoder and card to one file, and the card beside it.

    Args:
        path: Target, ``*.safetensors``. Both files are written under a temporary name and renamed.
        log_mel: Front end; its statistics keep their precision.
        encoder: Encoder; its weights are stored as ``dtype``.
        card: What is to be known about the weights; must survive JSON.
        dtype: Stored precision; half precision changes an embedding by about 1e-3 of its norm.
    """
    card = {
        "format": FORMAT,
        "log_mel": asdict(log_mel.config),
        "encoder": asdict(encoder.config),
        "log_frequency": None if encoder.log_frequency is None else asdict(encoder.log_frequency),
        **card,
    }
    tensors = {f"log_mel.{k}": v.cpu().contiguous() for k, v in log_mel.state_dict().items()}
    for name, weight in encoder.state_dict().items():
        tensors[f"encoder.{name}"] = weight.to("cpu", dtype).contiguous()
    text = json.dumps(card, indent=2, allow_nan=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(save(tensors, metadata={"card": text}))
    part.replace(path)
    card_part = path.with_name(path.stem + ".json.part")
    card_part.write_text(text + "\n", encoding="utf-8")
    card_part.replace(path.with_suffix(".json"))


def load_checkpoint(path: str | os.PathLike[str]) -> tuple[LogMel, Encoder, dict[str, Any]]:
    """Read what ``save_checkpoint`` wrote.

    Args:
        path: The safetensors file.

    Returns:
        Front end, encoder (both float32, on the CPU, in evaluation mode) and card.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no checkpoint of ours, or its weights do not fit its configuration.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"no checkpoint at {path}: give a .safetensors file or a known name"
        )
    card, tensors = _read(path)
    try:
        log_mel = LogMel(LogMelConfig(**card["log_mel"]))
        second = card.get("log_frequency")
        log_frequency = None if second is None else LogFrequencyConfig(**second)
        encoder = Encoder(EncoderConfig(**card["encoder"]), log_frequency)
    except (KeyError, TypeError) as error:
        raise ValueError(f"the card in {path} does not describe this encoder: {error}") from error
    for prefix, module in (("log_mel.", log_mel), ("encoder.", encoder)):
        weights = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        _load_weights(module, weights, path)
    return log_mel.eval(), encoder.eval(), card


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            card = json.loads((file.metadata() or {})["card"])
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except KeyError:
        raise ValueError(
            f"{path} holds no card: it was not written by mspretrain (HEAR modules of other makers "
            "are run by their own module's name)"
        ) from None
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as safetensors: {error}") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise ValueError(f"{path} is not in the format '{FORMAT}'")
    return card, tensors


def _load_weights(module: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    expected = module.state_dict()
    for name, value in expected.items():
        if name not in weights:
            raise ValueError(f"{path} lacks the weight '{name}'")
        if weights[name].shape != value.shape:
            raise ValueError(
                f"{path}: the weight '{name}' has shape {tuple(weights[name].shape)}, but the "
                f"encoder that its card describes needs {tuple(value.shape)}"
            )
    for name in weights.keys() - expected.keys():
        raise ValueError(f"{path}: the weight '{name}' has no place in the encoder")
    module.load_state_dict(weights)
