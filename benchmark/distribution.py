"""Which installed distribution a module is from."""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlparse


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
