"""A fold's embeddings as a stack of heads takes them: centred, rounded, turned, on its device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.heads.exact import training_batches
from benchmark.heads.fold_data import FoldData
from benchmark.heads.grid import GridPoint
from benchmark.heads.lazy_rows import OnDemand
from benchmark.heads.rows import Batch

# Of embeddings kept ready. Where there are more, each batch is made ready anew in every epoch.
KEPT_BYTES = 1 << 30
AMPERE = 8  # first major compute capability that multiplies bfloat16
MEAN_ROWS = 1 << 13  # read at once for their mean


@dataclass(frozen=True)
class StackRows:
    """A fold's rows as a stack takes them, on its device.

    Attributes:
        batches: Training batches, embeddings of shape (size, rows).
        validation: Batches of the validation split, each of shape (size, rows).
        centre: What was taken off every embedding, shape (size,), on the CPU.
        dtype: Of the embeddings.
        kept: Whether all of them lie on the device; else they are made ready whenever they are
            wanted.
    """

    batches: Sequence[Batch]
    validation: Sequence[Tensor]
    centre: Tensor
    dtype: torch.dtype
    kept: bool


def stack_rows(data: FoldData, point: GridPoint, device: torch.device) -> StackRows:
    """Centre, round and turn a fold's rows. Linear heads get them as they are, in float32.

    Up to a GiB is kept ready, or as much as `most_kept` allows; of more, a batch at a time is read
    and made ready when it is wanted, to the same numbers.
    """
    linear = point.hidden_layers == 0
    dtype = torch.float32 if linear else product_dtype(device)
    centre = torch.zeros(data.size) if linear else training_mean(data)

    taken_off = centre.to(device)

    def columns(embeddings: Tensor) -> Tensor:
        return (embeddings.to(device) - taken_off).to(dtype).T.contiguous()

    def ready(batch: Batch) -> Batch:
        return Batch(columns(batch.embeddings), batch.targets.to(device))

    training = training_batches(data.rows, point)
    batches: Sequence[Batch] = OnDemand(len(training), lambda i: ready(training[i]))
    starts = range(0, len(data.validation), point.batch_size)
    validation: Sequence[Tensor] = OnDemand(
        len(starts), lambda i: columns(data.validation[starts[i] : starts[i] + point.batch_size])
    )
    rows = len(data.rows.embeddings) + len(data.validation)
    kept = rows * data.size * dtype.itemsize <= most_kept(device)
    if kept:
        batches, validation = list(batches), list(validation)
    return StackRows(batches, validation, centre, dtype, kept)


def most_kept(device: torch.device) -> int:
    """Bytes of embeddings that may lie ready on a device: of a GPU, a quarter of what is free."""
    if device.type != "cuda":
        return KEPT_BYTES
    free, _ = torch.cuda.mem_get_info(device)
    return max(KEPT_BYTES, free // 4)


def product_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the device multiplies it natively, else float32."""
    if device.type == "cuda":
        # torch.cuda.is_bf16_supported() says yes of older GPUs, too, which convert every number.
        native = torch.version.hip or torch.cuda.get_device_properties(device).major >= AMPERE
        return torch.bfloat16 if native else torch.float32
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return torch.bfloat16 if supported is not None and supported() else torch.float32


def training_mean(data: FoldData) -> Tensor:
    """Mean embedding of the training rows, shape (size,).

    It is taken off before embeddings are rounded to bfloat16, which would otherwise drown small
    differences in large offsets (log-mel statistics). BatchNorm is blind to it.
    """
    embeddings = data.rows.embeddings
    total = torch.zeros(data.size, dtype=torch.float64)
    for start in range(0, len(embeddings), MEAN_ROWS):
        total += embeddings[start : start + MEAN_ROWS].sum(dim=0, dtype=torch.float64)
    return (total / len(embeddings)).float()
