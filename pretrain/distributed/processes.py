"""Lightning Fabric for one process, or for all that torchrun started."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TypeVar

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy

from msssl_common.devices import resolve_device
from pretrain.precision import Precision, fabric_precision, products

TIMEOUT = timedelta(minutes=10)
"""Longest wait for another process; the slowest alone is rank 0, when it saves the state."""

T = TypeVar("T")


def open_fabric(device: str, precision: Precision) -> Fabric:
    """Join the other processes, if torchrun or ``--devices`` started several.

    Args:
        device: ``cpu``, ``cuda``, ``cuda:N`` (one process), ``mps`` or ``auto``.
        precision: Of a recipe; ``bf16-mixed`` is autocast to bfloat16.

    Raises:
        ValueError: There is no such device, or ``cuda:N`` for several processes.
    """
    kind, _, number = resolve_device(device).partition(":")
    processes = int(os.environ["WORLD_SIZE"]) if torch.distributed.is_torchelastic_launched() else 1
    if processes == 1:
        devices = [int(number)] if number else 1
        with products(torch.device(kind), "32-true"):  # else Fabric prints an advice to set it
            return Fabric(accelerator=kind, devices=devices, precision=fabric_precision(precision))
    if number:
        raise ValueError(f"--device {device} is one GPU; for several processes say --device cuda")
    here = int(os.environ["LOCAL_WORLD_SIZE"])
    fabric = Fabric(
        accelerator=kind,
        devices=here,
        num_nodes=processes // here,
        strategy=DDPStrategy(timeout=TIMEOUT),
        precision=fabric_precision(precision),
    )
    fabric.launch()
    return fabric


def check_equal(fabric: Fabric, config: T) -> None:
    """Refuse processes that do not train on the same audio with the same settings.

    Raises:
        ValueError: This process differs from rank 0.
    """
    if fabric.broadcast(config) != config:
        raise ValueError(
            f"process {fabric.global_rank} of {fabric.world_size} has other audio or settings than "
            "process 0; give all of them the same --recipe, --data and options"
        )


def lost_process(error: RuntimeError) -> str:
    """What failed in a collective, when another process died or did not answer in time; else ""."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    known = isinstance(error, torch.distributed.DistError)
    if not known and "gloo" not in text.lower() and "nccl" not in text.lower():
        return ""
    return re.sub(r"^\[[^]]*\] *", "", text).split(". ")[0]
