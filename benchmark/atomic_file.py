"""Files that are either whole or absent."""

from __future__ import annotations

import os
import uuid
from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8, as `write_bytes` does."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file under a temporary name in its folder, made if need be, and rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not the process's number: on shared storage, other machines have the same.
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")
    part.write_bytes(data)
    os.replace(part, path)  # noqa: PTH105 -- as the atomic call is known
