"""How many bits a product keeps on a GPU: TF32 takes float32 numbers and keeps 10 bits of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

FabricPrecision = Literal["32-true", "bf16-mixed", "16-mixed"]
Precision = Literal["32-true", "32-ieee", "bf16-mixed", "16-mixed"]
"""``32-true`` takes TF32 for products and convolutions where there is a CUDA device, ``32-ieee``
never does; the ``mixed`` ones are autocast."""


def fabric_precision(precision: Precision) -> FabricPrecision:
    """Lightning Fabric's name."""
    return "32-true" if precision == "32-ieee" else precision


def products_name(device: torch.device, precision: Precision) -> str:
    """What products and convolutions are computed in, for the card."""
    if precision in ("bf16-mixed", "16-mixed"):
        return "bfloat16" if precision == "bf16-mixed" else "float16"
    return "TF32" if device.type == "cuda" and precision == "32-true" else "float32"


@contextmanager
def products(device: torch.device, precision: Precision) -> Iterator[None]:
    """Set, on a CUDA device, what float32 products keep; afterwards all is as before.

    The settings are those of the whole process, and other work in it is not to change with them.
    """
    if device.type != "cuda":
        yield
        return
    # torch refuses a mix of this setting with its newer one; its compiler reads this one.
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    exact = precision == "32-ieee"
    torch.set_float32_matmul_precision("highest" if exact else "high")
    torch.backends.cudnn.allow_tf32 = not exact
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]
