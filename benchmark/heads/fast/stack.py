"""Heads of equal shape as one batched model that trains all of them at once.

Each head has its own weights and learning rate. Units lie along the second axis and rows along the
last, ``(heads, units, rows)``: so the first layer of all heads is a single matrix product with the
batch that they share, the next layers are batched products, and BatchNorm sees every unit's rows as
one run of memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.heads.fast.adam import StackedAdam
from benchmark.heads.fast.layer import (
    BN_MOMENTUM,
    Affine,
    LayerTensors,
    StackedLayer,
    keep_mask,
    product,
    value_gradients,
    weight_gradients,
)
from benchmark.heads.fast.loss import loss_gradients
from benchmark.heads.head import Head
from benchmark.tasks.task import PredictionType

LAGGING = "lagging"  # key beside the names of a head's own tensors


class HeadStack:
    """Trains several heads at once, on the same batches.

    The stack has copies of the heads' float32 weights; every step multiplies copies of them in
    ``dtype``. Biases of hidden layers are not trained, since BatchNorm takes away what they add.

    Batches come without ``centre``, which BatchNorm takes away just as well. Its running mean,
    however, would follow ``W x`` with a lag, since the weights move; and where embeddings have a
    large mean (log-mel statistics), that lag is seen in every validation score of upstream's. So it
    is kept: ``lagging`` is the running mean of ``W centre``.

    Args:
        heads: Of equal shape. They are left as they are.
        learning_rates: Adam's, one per head.
        dropout: Probability of dropping a hidden unit.
        dtype: Of matrix products and activations.
        generator: Draws the dropout masks, which the heads share.
        centre: What was taken off all embeddings, float32, shape (size,), on the stack's device.

    Attributes:
        tensors: Weights and statistics of all heads, each of shape (heads, ...), by their names in
            a head's ``state_dict``, and `LAGGING`. Training updates them in place.
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
        self.dropout = dropout
        self.dtype = dtype
        self.generator = generator
        self.centre = centre
        self.tensors = _stacked([head.state_dict() for head in heads], centre.device)
        self._blocks = heads[0].block_names
        for linear, _ in self._blocks:
            self.tensors[f"{linear}.bias"].zero_()
        for _, norm in self._blocks[:1]:
            self.tensors[LAGGING] = self.tensors[f"{norm}.running_mean"].clone()
        self.layers = self._layers()
        self.adam = StackedAdam(self._trained(), learning_rates)

    def _layers(self) -> list[StackedLayer]:
        """The hidden layers, on the tensors as they are now."""
        gain = 1 / (1 - self.dropout)
        names = ("weight", "bias", "running_mean", "running_var")
        return [
            StackedLayer(
                LayerTensors(
                    self.tensors[f"{linear}.weight"],
                    *(self.tensors[f"{norm}.{name}"] for name in names),
                ),
                gain,
            )
            for linear, norm in self._blocks
        ]

    def _trained(self) -> list[Tensor]:
        """All weights but the hidden layers' biases."""
        hidden = [weight for layer in self.layers for weight in layer.tensors.trained]
        return [*hidden, self.tensors["projection.weight"], self.tensors["projection.bias"]]

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
            self.tensors[LAGGING].lerp_(self._weighted_centre(), BN_MOMENTUM)
        for layer in self.layers:
            shape = (layer.units, batch.shape[1])
            mask = keep_mask(*shape, self.dropout, self.dtype, self.generator)
            values = layer.forward(values, mask)
        projection = self._projection()
        logits = _projected(values, projection)
        gradients = loss_gradients(logits, targets, prediction_type)
        self.adam.step(self._backward(gradients, values, projection[0]))

    def _backward(self, of_logits: Tensor, values: Tensor, weights: Tensor) -> list[Tensor]:
        """Gradients of all trained weights, from those of the logits and their inputs."""
        of_biases = of_logits.sum(dim=2)
        gradients = of_logits.to(self.dtype)
        of_weights = weight_gradients(gradients, values)
        if self.layers:
            gradients = value_gradients(weights, gradients)
        for number, layer in reversed(list(enumerate(self.layers))):
            gradients = layer.backward(gradients)
            if number:
                gradients = layer.input_gradients(gradients)
        hidden = [gradient for layer in self.layers for gradient in layer.taken_gradients()]
        return [*hidden, of_weights, of_biases]

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
            offset = self._weighted_centre() - self.tensors[LAGGING]
            layers.insert(0, self.layers[0].folded(self.dtype, offset))
        projection = self._projection()
        return torch.cat([_through(batch, layers, projection) for batch in batches], dim=2)

    @torch.no_grad()
    def _weighted_centre(self) -> Tensor:
        """``W centre`` of the first layers, shape (heads, units)."""
        weights = self.layers[0].tensors.weight
        if weights.device.type != "cpu":
            return (weights.flatten(0, 1) @ self.centre).view(weights.shape[:2])
        # Head by head: so products round alike, however many heads there are.
        return torch.stack([own @ self.centre for own in weights])

    def _projection(self) -> Affine:
        biases = self.tensors["projection.bias"][:, :, None]
        return self.tensors["projection.weight"].to(self.dtype), biases

    def changing(self) -> list[Tensor]:
        """All tensors that a step updates in place."""
        return [*self.tensors.values(), *self.adam.moments]

    def keep(self, indices: Sequence[int]) -> None:
        """Drop all heads but these; `tensors` are new ones then."""
        kept = list(indices)
        self.tensors = {name: tensor[kept] for name, tensor in self.tensors.items()}
        self.layers = self._layers()
        self.adam.keep(kept, self._trained())


def head_states(tensors: Mapping[str, Tensor], heads: Sequence[Head]) -> list[dict[str, Tensor]]:
    """Each head's weights and running statistics on the CPU, as its ``state_dict`` has them.

    They are for embeddings as they are, the centre not taken off.

    Args:
        tensors: `HeadStack.tensors`, or a copy.
        heads: Those that the stack was made from, for what it does not train.
    """
    here = {name: tensor.cpu() for name, tensor in tensors.items()}
    for _, norm in heads[0].block_names[:1]:
        mean = f"{norm}.running_mean"
        here[mean] = here[mean] + here.pop(LAGGING)
    return [
        {**head.state_dict(), **{name: tensor[place] for name, tensor in here.items()}}
        for place, head in enumerate(heads)
    ]


def _stacked(states: Sequence[Mapping[str, Tensor]], device: torch.device) -> dict[str, Tensor]:
    """Every tensor of numbers with a fraction, of all heads: shape (heads, ...)."""
    return {
        name: torch.stack([state[name] for state in states]).to(device)
        for name, tensor in states[0].items()
        if tensor.is_floating_point()
    }


def _through(values: Tensor, layers: Sequence[Affine], projection: Affine) -> Tensor:
    for weights, shift in layers:
        values = functional.relu(product(weights, values) + shift)
    return _projected(values, projection)


def _projected(values: Tensor, projection: Affine) -> Tensor:
    weights, biases = projection
    return product(weights, values).float() + biases
