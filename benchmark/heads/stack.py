"""Heads of equal shape as one batched model: their weights side by side, a learning rate each.

Units lie along the second axis and rows along the last, ``(heads, units, rows)``: so the first
layer of all heads is a single matrix product with the batch that they share, the next layers are
batched products, and BatchNorm sees every unit's rows as one run of memory.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.heads.dropout import keep_mask, masked_relu
from benchmark.heads.model import Head
from benchmark.heads.outputs import PredictionType

BN_MOMENTUM, BN_EPS = 0.1, 1e-5  # torch.nn.BatchNorm1d's defaults, as upstream has them


_Affine = tuple[
    Tensor, Tensor
]  # weights, shape (heads, out, in), and what is added, (heads, out, 1)


class HeadStack:
    """Trains several heads in lockstep on the same batches.

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
        self.optimizer = torch.optim.Adam(
            [
                {"params": list(head.parameters()), "lr": rate}
                for head, rate in zip(heads, learning_rates, strict=True)
            ],
            fused=True,
        )
        self.running = [
            (self._stacked(layer.norm.running_mean), self._stacked(layer.norm.running_var))
            for layer in self.heads[0].hidden_layers
        ]
        self.lagging = self.running[0][0].clone() if self.running else centre.new_zeros(0)

    def _stacked(self, statistics: Tensor | None) -> Tensor:
        assert statistics is not None  # BatchNorm tracks them
        return statistics.repeat(len(self.heads))

    def step(self, batch: Tensor, targets: Tensor, prediction_type: PredictionType) -> None:
        """One step of Adam for every head.

        Args:
            batch: Embeddings in ``dtype``, shape (size, rows).
            targets: As `benchmark.heads.outputs.loss_targets` gives them.
            prediction_type: Kind of task.
        """
        loss = stack_loss(self._training_logits(batch), targets, prediction_type)
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.optimizer.step()

    def _training_logits(self, batch: Tensor) -> Tensor:
        values = batch
        if self.running:
            self.lagging.lerp_(self._weighted_centre(), BN_MOMENTUM)
        for number, (mean, variance) in enumerate(self.running):
            layers = [head.hidden_layers[number] for head in self.heads]
            values = _product(self._copies([layer.linear.weight for layer in layers]), values)
            heads, units, rows = values.shape
            # What is kept is scaled up, as dropout does; here through BatchNorm's own factors.
            gain = 1 / (1 - self.dropout)
            values = functional.batch_norm(
                values.reshape(1, heads * units, rows),
                mean,
                variance,
                torch.cat([layer.norm.weight for layer in layers]) * gain,
                torch.cat([layer.norm.bias for layer in layers]) * gain,
                training=True,
                momentum=BN_MOMENTUM,
                eps=BN_EPS,
            ).view(heads, units, rows)
            mask = keep_mask(units, rows, self.dropout, self.dtype, self.generator)
            values = masked_relu(values, mask)
        return _projected(values, self._projection())

    @torch.no_grad()
    def logits(self, batches: Sequence[Tensor]) -> Tensor:
        """Logits of every head, without dropout and with BatchNorm's running statistics.

        Args:
            batches: Embeddings in ``dtype``, each of shape (size, rows).

        Returns:
            float32, shape (heads, classes, all rows).
        """
        layers = [self._folded(number) for number in range(len(self.running))]
        projection = self._projection()
        return torch.cat([_through(batch, layers, projection) for batch in batches], dim=2)

    def _folded(self, number: int) -> _Affine:
        """A hidden layer's weights and shift with BatchNorm's running statistics in them."""
        mean, variance = self.running[number]
        layers = [head.hidden_layers[number] for head in self.heads]
        factor = torch.cat([layer.norm.weight for layer in layers]) / (variance + BN_EPS).sqrt()
        shift = torch.cat([layer.norm.bias for layer in layers]) - factor * mean
        if number == 0:
            shift += factor * (self._weighted_centre() - self.lagging)
        factors = factor.view(len(layers), -1, 1)
        weights = [layer.linear.weight * own for layer, own in zip(layers, factors, strict=True)]
        return self._copies(weights), shift.view(factors.shape).to(self.dtype)

    @torch.no_grad()
    def _weighted_centre(self) -> Tensor:
        """``W centre`` of the first layers, shape (heads * units,)."""
        return torch.cat([head.hidden_layers[0].linear.weight @ self.centre for head in self.heads])

    def _projection(self) -> _Affine:
        projections = [head.projection for head in self.heads]
        biases = torch.stack([layer.bias for layer in projections])[:, :, None]
        return self._copies([layer.weight for layer in projections]), biases

    def _copies(self, weights: Sequence[Tensor]) -> Tensor:
        """Weights of all heads side by side in ``dtype``, shape (heads, out, in)."""
        return torch.stack(list(weights)).to(self.dtype)

    def state(self, index: int) -> dict[str, Tensor]:
        """A head's weights and running statistics, copied to the CPU, as in its ``state_dict``.

        They are for embeddings as they are, the centre not taken off.
        """
        head, count = self.heads[index], len(self.heads)
        for layer, (mean, variance) in zip(head.hidden_layers, self.running, strict=True):
            assert layer.norm.running_mean is not None
            assert layer.norm.running_var is not None
            layer.norm.running_mean.copy_(mean.view(count, -1)[index])
            layer.norm.running_var.copy_(variance.view(count, -1)[index])
        for layer in head.hidden_layers[:1]:
            assert layer.norm.running_mean is not None
            layer.norm.running_mean += self.lagging.view(count, -1)[index]
        return {name: tensor.to("cpu", copy=True) for name, tensor in head.state_dict().items()}

    def keep(self, indices: Sequence[int]) -> None:
        """Drop all heads but these."""
        count = len(self.heads)
        kept = list(indices)
        self.running = [
            (mean.view(count, -1)[kept].flatten(), variance.view(count, -1)[kept].flatten())
            for mean, variance in self.running
        ]
        self.lagging = self.lagging.view(count, -1)[kept].flatten()
        self.optimizer.param_groups = [self.optimizer.param_groups[index] for index in indices]
        self.heads = [self.heads[index] for index in indices]


def _product(weights: Tensor, values: Tensor) -> Tensor:
    """(heads, out, in) times (in, rows), shared by all, or (heads, in, rows)."""
    if values.ndim == 2:
        return (weights.flatten(0, 1) @ values).view(*weights.shape[:2], -1)
    return torch.bmm(weights, values)


def _through(values: Tensor, layers: Sequence[_Affine], projection: _Affine) -> Tensor:
    for weights, shift in layers:
        values = functional.relu(_product(weights, values) + shift)
    return _projected(values, projection)


def _projected(values: Tensor, projection: _Affine) -> Tensor:
    weights, biases = projection
    return _product(weights, values).float() + biases


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
