"""Heads of equal shape as one batched model, with their loss and its gradients.

Each head has its own weights and learning rate. Units lie along the second axis and rows along the
last, ``(heads, units, rows)``: so the first layer of all heads is a single matrix product with the
batch that they share, the next layers are batched products, and BatchNorm sees every unit's rows as
one run of memory.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.heads.fast.adam import StackedAdam
from benchmark.heads.fast.layer import (
    BN_MOMENTUM,
    Affine,
    StackedLayer,
    give,
    keep_mask,
    product,
    side_by_side,
    value_gradients,
    weight_gradients,
)
from benchmark.heads.head import Head
from benchmark.heads.outputs import PredictionType


def stack_loss(logits: Tensor, targets: Tensor, prediction_type: PredictionType) -> Tensor:
    """Sum over heads of each head's mean loss: gradients of one head do not reach another.

    Args:
        logits: float32, shape (heads, classes, rows).
        targets: As `benchmark.heads.outputs.loss_targets` gives them.
        prediction_type: Kind of task.
    """
    heads, classes, rows = logits.shape
    if prediction_type == "multiclass":
        wanted = targets.expand(heads, rows)
        return functional.cross_entropy(logits, wanted, reduction="sum") / rows
    wanted = targets.T.expand(heads, classes, rows)
    total = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="sum")
    return total / (classes * rows)


def loss_gradients(logits: Tensor, targets: Tensor, prediction_type: PredictionType) -> Tensor:
    """Gradients of `stack_loss` by the logits, in their shape."""
    with torch.enable_grad():
        leaves = logits.detach().requires_grad_()
        (gradients,) = torch.autograd.grad(stack_loss(leaves, targets, prediction_type), leaves)
    return gradients


class HeadStack:
    """Trains several heads at once, on the same batches.

    The heads themselves hold the float32 weights and the gradients; every step multiplies copies
    of them in ``dtype``. Biases of hidden layers are not trained, since BatchNorm takes away what
    they add.

    Batches come without ``centre``, which BatchNorm takes away just as well. Its running mean,
    however, would follow ``W x`` with a lag, since the weights move; and where embeddings have a
    large mean (log-mel statistics), that lag is seen in every validation score of upstream's. So it
    is kept: ``lagging`` is the running mean of ``W centre``.

    Args:
        heads: Of equal shape. They are trained in place.
        learning_rates: Adam's, one per head.
        dropout: Probability of dropping a hidden unit.
        dtype: Of matrix products and activations.
        generator: Draws the dropout masks, which the heads share.
        centre: What was taken off all embeddings, float32, shape (size,).
    """

    def __init__(
        self,
        heads: Sequence[Head],
        learning_rates: Sequence[float],
        dropout: float,
        dtype: torch.dtype,
        generator: torch.Generator,
        centre: Tensor,
    ) -> None:
        self.heads = list(heads)
        self.dropout = dropout
        self.dtype = dtype
        self.generator = generator
        self.centre = centre
        for head in self.heads:
            for layer in head.hidden_layers:
                nn.init.zeros_(layer.linear.bias)
        self.adam = StackedAdam([_trained(head) for head in self.heads], learning_rates)
        gain = 1 / (1 - dropout)
        per_layer = zip(*[head.hidden_layers for head in self.heads], strict=True)
        self.layers = [StackedLayer(layers, gain) for layers in per_layer]
        self.lagging = self.layers[0].mean.clone() if self.layers else centre.new_zeros(0)

    @torch.no_grad()
    def step(self, batch: Tensor, targets: Tensor, prediction_type: PredictionType) -> None:
        """One step of Adam for every head.

        Args:
            batch: Embeddings in ``dtype``, shape (size, rows).
            targets: As `benchmark.heads.outputs.loss_targets` gives them.
            prediction_type: Kind of task.
        """
        values = batch
        if self.layers:
            self.lagging.lerp_(self._weighted_centre(), BN_MOMENTUM)
        for layer in self.layers:
            shape = (layer.units, batch.shape[1])
            mask = keep_mask(*shape, self.dropout, self.dtype, self.generator)
            values = layer.forward(values, mask)
        projection = self._projection()
        logits = _projected(values, projection)
        gradients = loss_gradients(logits, targets, prediction_type)
        self._backward(gradients, values, projection[0])
        self.adam.step()

    def _backward(self, of_logits: Tensor, values: Tensor, weights: Tensor) -> None:
        """Leave every weight's gradient with it, from those of the logits and their inputs."""
        projections = [head.projection for head in self.heads]
        give([layer.bias for layer in projections], of_logits.sum(dim=2))
        gradients = of_logits.to(self.dtype)
        give([layer.weight for layer in projections], weight_gradients(gradients, values))
        if self.layers:
            gradients = value_gradients(weights, gradients)
        for number, layer in reversed(list(enumerate(self.layers))):
            gradients = layer.backward(gradients)
            if number:
                gradients = layer.input_gradients(gradients)

    @torch.no_grad()
    def logits(self, batches: Sequence[Tensor]) -> Tensor:
        """Logits of every head, without dropout and with BatchNorm's running statistics.

        Args:
            batches: Embeddings in ``dtype``, each of shape (size, rows).

        Returns:
            float32, shape (heads, classes, all rows).
        """
        layers = [layer.folded(self.dtype) for layer in self.layers[1:]]
        if self.layers:
            offset = self._weighted_centre() - self.lagging
            layers.insert(0, self.layers[0].folded(self.dtype, offset))
        projection = self._projection()
        return torch.cat([_through(batch, layers, projection) for batch in batches], dim=2)

    @torch.no_grad()
    def _weighted_centre(self) -> Tensor:
        """``W centre`` of the first layers, shape (heads * units,)."""
        return torch.cat([head.hidden_layers[0].linear.weight @ self.centre for head in self.heads])

    def _projection(self) -> Affine:
        projections = [head.projection for head in self.heads]
        biases = torch.stack([layer.bias for layer in projections])[:, :, None]
        return side_by_side([layer.weight for layer in projections], self.dtype), biases

    def state(self, index: int) -> dict[str, Tensor]:
        """A head's weights and running statistics, copied to the CPU, as in its ``state_dict``.

        They are for embeddings as they are, the centre not taken off.
        """
        head = self.heads[index]
        for layer in self.layers:
            layer.write_statistics(index)
        for first in head.hidden_layers[:1]:
            assert first.norm.running_mean is not None
            first.norm.running_mean += self.lagging.view(len(self.heads), -1)[index]
        return {name: tensor.to("cpu", copy=True) for name, tensor in head.state_dict().items()}

    def keep(self, indices: Sequence[int]) -> None:
        """Drop all heads but these."""
        kept = list(indices)
        self.lagging = self.lagging.view(len(self.heads), -1)[kept].flatten()
        self.heads = [self.heads[index] for index in kept]
        self.adam.keep(kept)
        for layer in self.layers:
            layer.keep(kept)


def _trained(head: Head) -> list[Tensor]:
    """All of a head's weights but the hidden layers' biases."""
    hidden = [
        weight
        for layer in head.hidden_layers
        for weight in (layer.linear.weight, layer.norm.weight, layer.norm.bias)
    ]
    return [*hidden, head.projection.weight, head.projection.bias]


def _through(values: Tensor, layers: Sequence[Affine], projection: Affine) -> Tensor:
    for weights, shift in layers:
        values = functional.relu(product(weights, values) + shift)
    return _projected(values, projection)


def _projected(values: Tensor, projection: Affine) -> Tensor:
    weights, biases = projection
    return product(weights, values).float() + biases
