"""A figure as files."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

from matplotlib.figure import Figure

from benchmark.report.plots.look import styled
from msssl_common.files import write_bytes

DPI = 144  # pixels per inch
# Equal figures have equal files: no dates, no versions.
METADATA: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None}}
LONGEST_PART = 60  # characters


def file_stem(*parts: str) -> str:
    """File name without suffix for a picture of these things: kind, task, model.

    Parts that would be the same once their odd characters are gone are kept apart by a hash.
    """
    return "__".join(_plain(part) for part in parts)


def _plain(part: str) -> str:
    plain = re.sub(r"[^\w.-]+", "_", part, flags=re.ASCII).strip("_")[:LONGEST_PART]
    if plain == part:
        return plain
    return f"{plain}-{hashlib.sha256(part.encode()).hexdigest()[:6]}"


@styled
def save_picture(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as PNG and SVG; the same figure gives the same bytes."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, for both
    paths = []
    for kind, metadata in METADATA.items():
        file = io.BytesIO()
        figure.savefig(file, format=kind, dpi=DPI, metadata=metadata)
        paths.append(folder / f"{name}.{kind}")
        write_bytes(paths[-1], file.getvalue())
    return paths
