"""What a run leaves on disk: settings, training state, metrics and, at the end, the weights.

``config.yaml`` (recipe, and fingerprint of the audio), ``state.pt`` (to resume), ``metrics.csv``
(a row per logged step), ``weights.safetensors`` and ``weights.json`` (the result).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml

from msssl_common.files import check_writable, remove_leftovers, write_bytes, write_text, writing
from pretrain.recipe import Recipe
from pretrain.recipe_files import without_gone

STATE = "state.pt"
CONFIG = "config.yaml"
METRICS = "metrics.csv"
WEIGHTS = "weights.safetensors"


def check_start(folder: Path, resume: bool, settings: Mapping[str, Any] | None = None) -> None:
    """Refuse a folder that holds a run already, before any work is done.

    Args:
        folder: The run's folder, which need not be there.
        resume: Whether its run is to be resumed.
        settings: Of the run that would resume it, without its audio; None compares nothing.

    Raises:
        ValueError: It does, and ``resume`` is not asked for, or the settings are others.
    """
    if not (folder / STATE).is_file():
        return
    if not resume:
        raise ValueError(f"{folder} holds a run already; give --resume or another --out")
    if settings is not None:
        _check_same(folder, settings, audio=False)


def stored_settings(folder: Path) -> dict[str, int]:
    """The section ``run`` of a run folder's settings; empty where there are none."""
    try:
        stored = yaml.safe_load((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    section = stored.get("run") if isinstance(stored, dict) else None
    return section if isinstance(section, dict) else {}


def open_run(folder: Path, config: dict[str, Any], resume: bool) -> dict[str, Any] | None:
    """Start a run folder, or find what to resume.

    Args:
        folder: Made if absent.
        config: Settings of this run, as YAML holds them.
        resume: Whether to resume from the folder's training state.

    Returns:
        The training state to resume from; None for a run that starts.

    Raises:
        ValueError: The folder holds another run, or the same one and resume is not asked for.
        OSError: The folder cannot be written to.
    """
    check_writable(folder)
    remove_leftovers(folder)
    state = folder / STATE
    if state.is_file():
        check_start(folder, resume)
        _check_same(folder, config)
        loaded: dict[str, Any] = _load(state)
        return loaded
    (folder / METRICS).unlink(missing_ok=True)
    write_text(folder / CONFIG, yaml.safe_dump(config, sort_keys=False))
    return None


def save_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write the training state: tensors, numbers and strings only; atomic."""
    buffer = io.BytesIO()  # torch's own writer says of a full disk only that a check failed
    torch.save(dict(state), buffer)
    write_bytes(folder / STATE, buffer.getbuffer())


def append_metrics(folder: Path, row: Mapping[str, float]) -> None:
    """Add a row to metrics.csv; the first row brings the header."""
    path = folder / METRICS
    with writing(path), path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(row))
        if file.tell() == 0:
            writer.writeheader()
        writer.writerow({key: format(value, ".6g") for key, value in row.items()})


def drop_metrics_after(folder: Path, step: int) -> None:
    """Drop rows of steps that a resumed run will repeat, and a row that a full disk cut short."""
    path = folder / METRICS
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    kept = [row for row in whole[1:] if int(row.split(",", 1)[0]) <= step]
    write_text(path, "".join([*whole[:1], *kept]))


def _load(state: Path) -> Any:  # noqa: ANN401 - what torch.save wrote
    try:
        return torch.load(state, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"{state}: not a training state: {str(error).splitlines()[0]}") from None


def _check_same(folder: Path, config: Mapping[str, Any], audio: bool = True) -> None:
    """Refuse to resume with other settings or other audio.

    A setting that the run does not name is newer than the run, and its default is what was done;
    the scales of a read-out are no part of the training, and may be others.
    """
    path = folder / CONFIG
    try:
        stored = _flatten(without_gone(yaml.safe_load(path.read_text(encoding="utf-8"))))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    flat, defaults = _flatten(config), _flatten(Recipe(name="").to_dict())
    for key in {**flat, **stored}:
        if key not in stored and key.startswith("read_out_scales."):
            continue
        if key.startswith("corpus.") and not audio:
            continue
        if (before := stored.get(key, defaults.get(key))) != (value := flat.get(key)):
            raise ValueError(
                f"{folder} was started with {key} {before!r}, not {value!r}; resume with the same "
                "settings or start in another --out"
            )


def _flatten(table: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        inner = (
            _flatten(value, f"{where}{key}.") if isinstance(value, dict) else {where + key: value}
        )
        flat.update(inner)
    return flat
