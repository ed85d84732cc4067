"""Identify a module: hashes that are equal if embeddings would be, and its distribution."""

from __future__ import annotations

import hashlib
import json
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlparse

import torch

from benchmark.models.hear_module import HearModule
from benchmark.models.worker.module import WorkerModel, WorkerModule


def weights_hash(model: torch.nn.Module) -> str:
    """SHA-256 of a model's parameters and buffers: names, types, shapes and bytes.

    Buffers that ``state_dict`` leaves out (a window, a filterbank) count too. A model in another
    interpreter was hashed there.
    """
    if isinstance(model, WorkerModel):
        return model.facts.weights_hash
    tensors: dict[str, object] = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    tensors.update(model.state_dict())
    digest = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        if isinstance(value, torch.Tensor):
            digest.update(
                f"{name} {value.dtype} {tuple(value.shape)}\n".encode("utf-8", "surrogatepass")
            )
            data = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
            digest.update(data.numpy().tobytes())
        else:  # whatever get_extra_state returned
            digest.update(f"{name} {value!r}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def source_hash(module: ModuleType | WorkerModule, model: torch.nn.Module) -> str:
    """SHA-256 of the code behind a model: names and content of its ``.py`` files.

    These are the module's own file and the package folders of the classes that the model is made
    of, torch's own left out. A change anywhere there may change embeddings under equal weights.
    Of a model in another interpreter, also that interpreter's versions (`ModelFacts`).
    """
    if isinstance(model, WorkerModel):
        return model.facts.source_hash
    names = {module.__name__} | {type(part).__module__ for part in model.modules()}
    files: set[Path] = set()
    for name in names:
        source = getattr(sys.modules.get(name), "__file__", None)
        if source is None or name.split(".")[0] == "torch":
            continue
        folder = Path(source).parent
        files.add(Path(source))
        if (folder / "__init__.py").exists():
            files.update(folder.glob("*.py"))
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: (file.name, str(file))):
        digest.update(
            file.name.encode("utf-8", "surrogatepass")
            + b"\0"
            + hashlib.sha256(file.read_bytes()).digest()
        )
    return digest.hexdigest()


def module_hash(hear: HearModule, weights: str) -> str:
    """SHA-256 of everything of a module that its embeddings depend on.

    Args:
        hear: The loaded module.
        weights: Its ``weights_hash``.

    A checkpoint file counts by its content, so that moving it changes nothing; a checkpoint's name
    counts as itself, since it may choose more than weights.
    """
    checkpoint = hear.model_path
    if checkpoint and Path(checkpoint).is_file():
        checkpoint = hashlib.sha256(Path(checkpoint).read_bytes()).hexdigest()
    parts = (
        hear.module_name,
        checkpoint,
        weights,
        source_hash(hear.module, hear.model),
        hear.sample_rate,
        hear.scene_embedding_size,
        hear.timestamp_embedding_size,
    )
    return hashlib.sha256("\n".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()


def distribution_of(module: str) -> str:
    """Name and version, e.g. ``"openl3 0.4.2"``; empty where the module is from none.

    A module of the current folder may be called like one that is installed: its file decides. Of
    an editable installation the source folder counts.

    Args:
        module: Import name of an imported module.
    """
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return ""
    for name in dict.fromkeys(_distributions().get(module.split(".")[0], [])):
        found = metadata.distribution(name)
        roots = [Path(str(found.locate_file(""))), *_source_folder(found)]
        if any(Path(file).resolve().is_relative_to(root.resolve()) for root in roots):
            return f"{found.name} {found.version}"
    return ""


@cache
def _distributions() -> dict[str, list[str]]:
    """Names of distributions by the names of their packages; takes half a second."""
    return dict(metadata.packages_distributions())


def _source_folder(found: metadata.Distribution) -> list[Path]:
    """Of an editable installation.

    Source: PEP 610, https://packaging.python.org/en/latest/specifications/direct-url/
    """
    try:
        about = json.loads(found.read_text("direct_url.json") or "{}")
        url = urlparse(about["url"] if about["dir_info"]["editable"] else "")
    except (KeyError, TypeError, ValueError):
        return []
    return [Path(unquote(url.path))] if url.scheme == "file" else []
