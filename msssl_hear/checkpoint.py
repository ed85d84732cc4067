"""Weights on disk: safetensors with a JSON card, never a pickle.

The card (recipe, data, steps, date, metrics, and the configuration that rebuilds the network) lies
in the safetensors metadata, so that one file is enough, and again beside it as ``NAME.json`` for
people.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from msssl_hear.encoder import Encoder, EncoderConfig
from msssl_hear.log_mel import LogMel, LogMelConfig
from msssl_hear.read_out_statistics import BlockScales, ReadOutStatistics

FORMAT = "msssl-hear encoder 1"
LARGEST_SETTING = 2**16
"""Of a card's settings (samples, Hz, bands): ours are a tenth of it and less."""
ABOVE_ZERO = ("width", "depth", "pitch_scale", "log_offset")
"""Settings with a fraction that may not be 0."""

STATISTICS = "read_out."  # how the names of the read-out's statistics begin

Config = TypeVar("Config", LogMelConfig, EncoderConfig, BlockScales)


def save_checkpoint(
    path: Path,
    log_mel: LogMel,
    encoder: Encoder,
    card: dict[str, Any],
    dtype: torch.dtype = torch.float16,
    statistics: ReadOutStatistics | None = None,
) -> None:
    """Write front end, encoder and card to one file, and the card beside it.

    Args:
        path: Target, ``*.safetensors``. Both files are written under a temporary name and renamed.
        log_mel: Front end; its statistics keep their precision.
        encoder: Encoder; its weights are stored as ``dtype``.
        card: What is to be known about the weights; must survive JSON.
        dtype: Stored precision; half precision changes an embedding by about 1e-3 of its norm.
        statistics: For the read-out ``scaled``; they keep their precision.
    """
    card = {
        "format": FORMAT,
        "log_mel": asdict(log_mel.config),
        "encoder": asdict(encoder.config),
        **card,
    }
    tensors = {f"log_mel.{k}": v.cpu().contiguous() for k, v in log_mel.state_dict().items()}
    for name, weight in encoder.state_dict().items():
        tensors[f"encoder.{name}"] = weight.to("cpu", dtype).contiguous()
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_checkpoint(path, tensors, card, statistics)


def store_statistics(
    path: Path, statistics: ReadOutStatistics, read_out: str | None = None
) -> None:
    """Give a checkpoint other statistics for the read-out ``scaled``; its weights stay as they are.

    Args:
        path: The safetensors file, which is replaced, as is the card beside it.
        statistics: The new ones.
        read_out: The checkpoint's read-out from now on; None leaves it.

    Raises:
        ValueError: It is no checkpoint of ours.
        OSError: It cannot be written.
    """
    card, tensors = _read(path)
    tensors = {name: value for name, value in tensors.items() if not name.startswith(STATISTICS)}
    _write_checkpoint(
        path, tensors, card | ({"read_out": read_out} if read_out else {}), statistics
    )


def _write_checkpoint(
    path: Path,
    tensors: dict[str, Tensor],
    card: dict[str, Any],
    statistics: ReadOutStatistics | None,
) -> None:
    if statistics is not None:
        card = card | {"read_out_scales": asdict(statistics.scales)}
        for name, value in statistics.state_dict().items():
            tensors[STATISTICS + name] = value.cpu().contiguous()
    text = json.dumps(card, indent=2, allow_nan=False)
    _write(path, save(tensors, metadata={"card": text}))
    _write(path.with_suffix(".json"), (text + "\n").encode())


def _write(path: Path, data: bytes) -> None:
    """Write under a temporary name and rename: on a full disk, nothing half written is left."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise type(error)(error.errno, error.strerror, str(path)) from error


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
        if (path / "weights.safetensors").is_file():  # a run folder of mspretrain
            raise FileNotFoundError(f"{path} is a folder: give {path / 'weights.safetensors'}")
        raise FileNotFoundError(
            f"no checkpoint at {path}: give a .safetensors file or a known name"
        )
    card, stored = _read(path)
    tensors = {name: value.float() for name, value in stored.items()}
    # Shapes alone come first: a card of ten bytes may ask for all the memory. The front end itself
    # is not built from shapes: to make a window, torch would import its compiler, 1.5 s.
    with _card_is_to_blame(path), torch.device("meta"):
        config = _config(LogMelConfig, card["log_mel"])
        per_band = {name: torch.empty(config.n_mels) for name in ("mean", "std")}
        planned = _encoder(card, len(tensors))
    parts = [
        {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        for prefix in ("log_mel.", "encoder.")
    ]
    for expected, weights in zip((per_band, planned.state_dict()), parts, strict=True):
        _check_weights(expected, weights, path)
    with _card_is_to_blame(path):
        log_mel, encoder = LogMel(config), _encoder(card, len(tensors))
    log_mel.load_state_dict(parts[0])
    encoder.load_state_dict(parts[1])
    return log_mel.eval(), encoder.eval(), card


def load_statistics(path: str | os.PathLike[str]) -> ReadOutStatistics | None:
    """The statistics for the read-out ``scaled``, float32; None where a checkpoint has none.

    Args:
        path: The safetensors file.

    Raises:
        ValueError: It is no checkpoint of ours, or its statistics do not fit its configuration.
    """
    path = Path(path)
    card, tensors = _read(path)
    weights = {
        name.removeprefix(STATISTICS): value.float()
        for name, value in tensors.items()
        if name.startswith(STATISTICS)
    }
    if not weights:
        return None
    try:
        scales = _config(BlockScales, card["read_out_scales"])
        statistics = ReadOutStatistics(_config(EncoderConfig, card["encoder"]), scales)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ValueError(
            f"the card in {path} does not describe its statistics: {_one_line(error)}"
        ) from error
    _check_weights(statistics.state_dict(), weights, path)
    statistics.load_state_dict(weights)
    if not bool((torch.cat([statistics.scene_std, statistics.timestamp_std]) > 0).all()):
        raise ValueError(f"{path}: a standard deviation for the read-out scaled is 0 or less")
    return statistics.eval()


@contextmanager
def _card_is_to_blame(path: Path) -> Iterator[None]:
    """Say that a card describes nothing that can be built."""
    try:
        yield
    except (KeyError, TypeError, ValueError, ArithmeticError, RuntimeError) as error:
        raise ValueError(
            f"the card in {path} does not describe this encoder: {_one_line(error)}"
        ) from error


def _encoder(card: dict[str, Any], tensors: int) -> Encoder:
    """The encoder of a card, whose file has that many tensors."""
    config = _config(EncoderConfig, card["encoder"])
    if config.depth > tensors:  # each block has several
        raise ValueError(f"depth {config.depth} asks for more blocks than it has tensors")
    return Encoder(config)


def _config(kind: type[Config], values: dict[str, Any]) -> Config:
    """Settings of the types and sizes that settings have."""
    config = kind(**values)
    for field in fields(kind):
        value, whole = getattr(config, field.name), isinstance(field.default, int)
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise ValueError(f"{field.name} must be a {'whole ' if whole else ''}number")
        positive = field.name in ABOVE_ZERO or (whole and field.name != "pitch_numbers")
        if not 0 <= value <= LARGEST_SETTING or (positive and not value):
            raise ValueError(f"{field.name} {value} must lie between 0 and {LARGEST_SETTING}")
    return config


def _one_line(error: object) -> str:
    """A message without line breaks, and with escapes for what no terminal should be sent."""
    line = " ".join(str(error).split())
    return line if line.isprintable() else line.encode("unicode_escape").decode()


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get("card")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        card = None if text is None else json.loads(text)
    except (SafetensorError, OSError, ValueError, RuntimeError, LookupError) as error:
        raise ValueError(f"{path} cannot be read as safetensors: {_one_line(error)}") from error
    if text is None:
        raise ValueError(
            f"{path} holds no card: it was not written by mspretrain (HEAR modules of other makers "
            "are run by their own module's name)"
        )
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise ValueError(f"{path} is not in the format '{FORMAT}'")
    for name, value in tensors.items():
        if not value.is_floating_point():  # a quantised copy, whose scale is not here
            kind = str(value.dtype).removeprefix("torch.")
            raise ValueError(f"{path}: {name!r} holds numbers of type {kind}, which are no weights")
    return card, tensors


def _check_weights(expected: Mapping[str, Tensor], weights: dict[str, Tensor], path: Path) -> None:
    for name, value in expected.items():
        if name not in weights:
            raise ValueError(f"{path} lacks the weight '{name}'")
        if weights[name].shape != value.shape:
            raise ValueError(
                f"{path}: the weight '{name}' has shape {tuple(weights[name].shape)}, but the "
                f"encoder that its card describes needs {tuple(value.shape)}"
            )
        if not torch.isfinite(weights[name]).all():
            raise ValueError(f"{path}: the weight '{name}' has NaN or infinite numbers")
    for name in weights.keys() - expected.keys():
        raise ValueError(f"{path}: the weight {name!r} has no place in the encoder")
