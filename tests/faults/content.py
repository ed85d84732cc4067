"""What a run leaves: compared file by file, and whether each is whole."""

from __future__ import annotations

import csv
import io
import json
import math
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import yaml
from safetensors import safe_open

from benchmark.heareval.plain_pickle import load_plain_pickle

TIMING = {
    *("seconds", "model_seconds", "time_elapsed", "peak_memory_bytes", "embedding_cached", "date"),
    *("crops_per_second", "clips_per_second"),
    *("time_in_min", "time_in_min_mean", "time_in_min_std"),
}
"""Keys and columns of what differs between two undisturbed runs."""


def content(place: Path, folders: tuple[str, ...]) -> dict[str, object]:
    """Every file below some folders, without times."""
    found: dict[str, object] = {}
    for folder in folders:
        for path in sorted((place / folder).rglob("*")):
            name = path.relative_to(place).as_posix()
            found[name] = "folder" if path.is_dir() else _without_times(path)
    return found


def difference(found: dict[str, object], expected: dict[str, object]) -> str:
    """The first difference, in words; "" if there is none."""
    if extra := sorted(found.keys() - expected.keys()):
        return f"left over: {', '.join(extra[:4])}"
    if absent := sorted(expected.keys() - found.keys()):
        return f"missing: {', '.join(absent[:4])}"
    other = [name for name in expected if not _equal(found[name], expected[name])]
    return f"other content: {', '.join(other[:4])}" if other else ""


def broken(place: Path, folders: tuple[str, ...]) -> str:
    """The first file under its final name that is not whole, in words; "" if there is none.

    Hidden files and those in hidden folders are under way, as is ``*.part``.
    """
    for folder in folders:
        for path in sorted((place / folder).rglob("*")):
            inside = path.relative_to(place)
            under_way = any(part.startswith(".") for part in inside.parts)
            if under_way or path.suffix == ".part" or not path.is_file():
                continue
            try:
                WHOLE.get(path.suffix, _is_text)(path)
            except Exception as error:
                return f"{inside} is not whole: {type(error).__name__} {error}"
    return ""


def _without_times(path: Path) -> object:
    if path.suffix == ".json":
        try:
            return _drop(json.loads(path.read_text()))
        except ValueError:
            return path.read_bytes()
    if path.suffix == ".safetensors":
        with safe_open(path, "pt") as file:
            card = {key: _drop(json.loads(value)) for key, value in file.metadata().items()}
            return [card, *((key, file.get_tensor(key)) for key in sorted(file.keys()))]
    if path.suffix == ".pt":
        return _drop(torch.load(path, weights_only=True))
    if path.name == "metrics.csv":
        rows = csv.DictReader(io.StringIO(path.read_text()))
        return [_drop(row) for row in rows]
    return path.read_bytes()


def _drop(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _drop(inner) for key, inner in value.items() if key not in TIMING}
    return [_drop(inner) for inner in value] if isinstance(value, list) else value


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return torch.equal(one, other)
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


def _is_text(path: Path) -> None:
    # A lock is empty, and a module may print to its log whatever it likes, or nothing yet.
    if path.name in ("lock", ".lock") or path.parent.name == "logs":
        return
    end = "</html>" if path.suffix == ".html" else "\n"
    if not path.read_text().endswith(end):
        raise ValueError("its last line has no end")


def _is_tar(path: Path) -> None:
    with tarfile.open(path) as tar:
        for member in tar:
            tar.extractfile(member).read()  # type: ignore[union-attr]


def _is_npy(path: Path) -> None:
    if path.name.endswith(".embeddings.npy"):  # hear-eval-kit's: numbers without a header
        shape = json.loads(path.with_name(f"{path.name[:-5]}-dimensions.json").read_text())
        if path.stat().st_size != 4 * math.prod(shape):
            raise ValueError(f"it has not the shape {shape}")
    else:
        np.load(path, allow_pickle=False)


def _is_npz(path: Path) -> None:
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            file[name]


def _is_audio(path: Path) -> None:
    with soundfile.SoundFile(path) as file:
        header = path.stat().st_size - 2 * file.frames
        if file.format != "WAV" or header != 44:
            raise ValueError(f"{header} bytes beside its samples")


def _is_safetensors(path: Path) -> None:
    with safe_open(path, "pt") as file:
        for name in file.keys():  # noqa: SIM118
            file.get_tensor(name)


WHOLE: dict[str, Callable[[Path], Any]] = {
    ".json": lambda path: json.loads(path.read_text()),
    ".yaml": lambda path: yaml.safe_load(path.read_text())["corpus"],
    ".npy": _is_npy,
    ".npz": _is_npz,
    ".safetensors": _is_safetensors,
    ".pt": lambda path: torch.load(path, weights_only=True),
    ".wav": _is_audio,
    ".tar": _is_tar,
    ".pkl": lambda path: load_plain_pickle(path, "labels"),
    ".gz": lambda path: tarfile.open(path).close(),
}
