"""MD5 of files: what Zenodo publishes. It tells accidents, not attacks."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

BLOCK: Final = 1 << 20  # bytes read at once


def md5(path: Path) -> str:
    """MD5 of a file, as 32 hexadecimal digits."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
