"""What stands for a model, its code and its libraries in the benchmark's keys."""

import contextlib
import hashlib
import os
import pathlib
import platform
import sys
from json import dumps  # bound here: a module may put another in its place
from typing import Any, Dict, List

import numpy as np

from .inputs import attribute, file_hash


def weights_hash(variables: Dict[str, Any], torch: Any) -> str:
    """As ``benchmark.models.fingerprint.weights_hash``: equal for equal torch models."""
    digest = hashlib.sha256()
    for name, value in sorted(variables.items()):
        if torch and isinstance(value, torch.Tensor):
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
            digest.update(_bytes(value.detach().cpu().contiguous(), torch))
        elif hasattr(value, "numpy"):
            array = np.ascontiguousarray(value.numpy())
            digest.update(f"{name} {array.dtype} {array.shape}\n".encode() + array.tobytes())
        else:  # whatever get_extra_state returned
            digest.update(f"{name} {value!r}\n".encode())
    return digest.hexdigest()


def _bytes(tensor: Any, torch: Any) -> bytes:
    if tensor.dtype == torch.bfloat16:  # numpy has none
        tensor = tensor.view(torch.int16)
    try:
        return bytes(tensor.numpy().tobytes())
    except TypeError:  # quantised and other rare types
        return repr(tensor.tolist()).encode()


def source_hash(inputs: Dict[str, str], path: str) -> str:
    """SHA-256 of what code, interpreter, libraries, files and checkpoint folder are.

    Args:
        inputs: Files that were read while the module was imported and its model loaded. Their
            places do not count, so that moving them changes nothing.
        path: Checkpoint, of which a folder counts whole.
    """
    files = sorted([os.path.basename(file), digest] for file, digest in inputs.items())
    if path and os.path.isdir(path):  # a file's content is in the benchmark's key
        files += [[f"/{os.path.relpath(file, path)}", file_hash(file)] for file in _below(path)]
    about = [files, packages(), platform.python_implementation(), platform.python_version()]
    return hashlib.sha256(dumps(about, sort_keys=True).encode()).hexdigest()


def _below(folder: str) -> List[str]:
    """All files below a folder; links to folders are followed, but not in a circle."""
    files, seen = [], set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders[:] = []
            continue
        seen.add(real)
        files += [os.path.join(place, name) for name in names]
    return sorted(file for file in files if os.path.isfile(file))


def packages() -> Dict[str, str]:
    """Versions of the packages that are loaded, by name."""
    versions = {}
    for name, loaded in list(sys.modules.items()):
        version = attribute(loaded, "__version__")
        if "." not in name and isinstance(version, str) and name != "__main__":
            versions[name] = version
    return versions


def distribution(module: Any) -> str:
    """Name and version of what was installed to have a module, from the folder beside it."""
    top = module.__name__.split(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None) or getattr(module, "__file__", None)
    if not file:
        return ""
    folder = pathlib.Path(file).parent
    folder = folder.parent if folder.name == top else folder
    for info in sorted(folder.glob("*.dist-info")):
        with contextlib.suppress(OSError):
            if f"\n{top}/" not in "\n" + (info / "RECORD").read_text("utf-8"):
                continue
            lines = (info / "METADATA").read_text("utf-8").splitlines()
            facts = dict(line.partition(": ")[::2] for line in reversed(lines))
            return f"{facts['Name']} {facts['Version']}"
    return ""
