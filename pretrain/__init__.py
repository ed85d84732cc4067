"""Pretraining of the msssl_hear encoder: clip, frame and pitch sampling strategies.

`fit` is the Python API; it is imported when it is used.

Importing this package sets ``OMP_WAIT_POLICY=PASSIVE`` before torch starts its threads: where cores
are shared, spinning OpenMP threads cost several times the work's own time.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pretrain.api import fit

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__all__ = ["fit"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- whatever the API has under that name
    if name != "fit":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pretrain.api import fit

    return fit
