"""Batches larger than memory: gradients through cached embeddings (Gao et al. 2021, GradCache).

Accumulating the gradients of small batches would compare each clip with the few of its own batch
only. Instead, all clips are embedded chunk by chunk without a graph, and the loss of the whole
batch is differentiated down to the embeddings. Then each chunk is embedded again, with a graph, and
the gradients of its embeddings go down to the weights. Loss and gradients are those of the whole
batch, for one more forward pass. This holds because the encoder treats each clip alone: it has
neither BatchNorm nor dropout.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from lightning_fabric import Fabric
from lightning_fabric.wrappers import _FabricModule
from torch import Tensor

from pretrain.model import Embeddings, Metrics, SamplingStrategies
from pretrain.views.views import Views


class EmbeddingGradients(NamedTuple):
    """Gradient of a batch's loss; None for what it does not depend on.

    Attributes:
        embeddings: For each field of ``Embeddings``, same shape.
        weights: For each of the similarities' weights.
    """

    embeddings: tuple[Tensor | None, ...]
    weights: tuple[Tensor | None, ...]


def embedding_gradients(
    fabric: Fabric, module: SamplingStrategies, views: Views, chunk: int
) -> tuple[Metrics, EmbeddingGradients]:
    """Loss of a batch, and its gradient with respect to the embeddings.

    Args:
        fabric: Decides the precision.
        module: As it is, not as Fabric wraps it.
        views: This process's share of the batch.
        chunk: Clips that are encoded at once.
    """
    with torch.no_grad(), fabric.autocast():
        parts = [module.embed(some) for _, some in chunks(views, chunk)]
    joined = [None if same[0] is None else torch.cat(same) for same in zip(*parts, strict=True)]
    leaves = [None if x is None else at_least_float32(x).requires_grad_() for x in joined]
    with fabric.autocast():
        metrics = module.losses(Embeddings(*leaves), views)  # type: ignore[arg-type]
    weights = module.similarity_weights()
    inputs = [x for x in leaves if x is not None]
    gradients = torch.autograd.grad(metrics.loss, [*inputs, *weights])
    found = iter(gradients)
    of_embeddings = tuple(None if x is None else next(found) for x in leaves)
    detached = Metrics(*(value.detach() for value in metrics))
    return detached, EmbeddingGradients(of_embeddings, tuple(found))


def at_least_float32(x: Tensor) -> Tensor:
    """What autocast left in 16 bits, in 32: gradients are small numbers."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def backward_through_embeddings(
    fabric: Fabric,
    fabric_module: _FabricModule,
    views: Views,
    chunk: int,
    gradients: EmbeddingGradients,
) -> None:
    """Add the gradients of all chunks; processes put theirs together at the last.

    Args:
        fabric: Of the module.
        fabric_module: As Fabric wraps it, ``surrogate_loss`` marked as a forward method.
        views: As for ``embedding_gradients``.
        chunk: Clips that are encoded at once.
        gradients: What ``embedding_gradients`` found.
    """
    for rows, some in chunks(views, chunk):
        is_last = rows.stop >= len(views.lengths)
        own = tuple(None if x is None else x[rows] for x in gradients.embeddings)
        with fabric.no_backward_sync(fabric_module, enabled=not is_last):
            weights = gradients.weights if is_last else ()
            fabric.backward(fabric_module.surrogate_loss(some, own, weights))


def chunks(views: Views, size: int) -> Iterator[tuple[slice, Views]]:
    """Consecutive clips of a batch, with their rows in it; the last may be fewer."""
    for start in range(0, len(views.lengths), size):
        rows = slice(start, start + size)
        yield (
            rows,
            Views(
                views.log_mel[:, rows],
                views.lengths[rows],
                views.offsets[rows],
                views.shifts[rows],
                None if views.contrast is None else views.contrast[:, rows],
            ),
        )
