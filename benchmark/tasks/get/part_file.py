"""A file that is being downloaded: its bytes so far, and which file on the server they are of."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from msssl_common.files import write_text


@dataclass(frozen=True)
class PartFile:
    """``{target}.part`` with the bytes, ``{target}.part.json`` with where they are from.

    Attributes:
        target: The file's name when it is whole.
    """

    target: Path

    @property
    def path(self) -> Path:
        """Where the bytes are."""
        return self.target.with_name(f"{self.target.name}.part")

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def _origin(self) -> Path:
        return self.target.with_name(f"{self.target.name}.part.json")

    def begin(self, url: str, validator: str | None) -> None:
        """Drop all bytes, and note where the next ones are from.

        Args:
            url: The file's URL.
            validator: Its ``ETag`` or ``Last-Modified``, for ``If-Range``; None if it has none.
        """
        self.discard()
        write_text(self._origin, json.dumps({"url": url, "validator": validator}))

    def validator(self, url: str) -> str | None:
        """The validator of the bytes so far; None if none is known or they are of another URL."""
        try:
            origin = json.loads(self._origin.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(origin, dict) or origin.get("url") != url:
            return None
        validator = origin.get("validator")
        return validator if isinstance(validator, str) else None

    def discard(self) -> None:
        """Forget everything."""
        self.path.unlink(missing_ok=True)
        self._origin.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give the file its name."""
        os.replace(self.path, self.target)  # noqa: PTH105 -- as the atomic call is known
        self._origin.unlink(missing_ok=True)
