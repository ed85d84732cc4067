"""The head: a small multilayer perceptron on one embedding.

Source: heareval.predictions.task_predictions.FullyConnectedPrediction.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from benchmark.heads.grid import GridPoint
from benchmark.heads.lazy_rows import StoredEmbeddings

BLOCK = 4  # modules of a hidden block


class Head(nn.Module):
    """``hidden_layers`` blocks of Linear, BatchNorm, Dropout and ReLU, then a linear projection.

    Weights are drawn twice, as upstream's are: by ``nn.Linear`` itself, then by the grid point's
    Xavier function, layer after layer. That order is part of the protocol, for all draws come from
    torch's global generator. Biases keep ``nn.Linear``'s initialisation. The gain is that of the
    activation before a layer: 1 for the first, sqrt(2) after a ReLU.

    Args:
        size: Embedding size.
        classes: Number of outputs.
        point: Hyperparameters.
    """

    def __init__(self, size: int, classes: int, point: GridPoint) -> None:
        super().__init__()
        self.size, self.classes = size, classes
        initialise = getattr(nn.init, point.initialization)
        gain = 1.0
        blocks: list[nn.Module] = []
        for _ in range(point.hidden_layers):
            linear = nn.Linear(size, point.hidden_dim)
            initialise(linear.weight, gain=gain)
            norm = nn.BatchNorm1d(point.hidden_dim)
            blocks += [linear, norm, nn.Dropout(point.dropout), nn.ReLU()]
            size, gain = point.hidden_dim, math.sqrt(2)
        self.hidden = nn.Sequential(*blocks)
        self.projection = nn.Linear(size, classes)
        initialise(self.projection.weight, gain=gain)

    @property
    def block_names(self) -> list[tuple[str, str]]:
        """Names of every hidden block's linear layer and BatchNorm, as in ``state_dict``."""
        starts = range(0, len(self.hidden), BLOCK)
        return [(f"hidden.{start}", f"hidden.{start + 1}") for start in starts]

    def forward(self, embeddings: Tensor) -> Tensor:
        """Logits.

        Args:
            embeddings: float32, shape (rows, size).

        Returns:
            float32, shape (rows, classes).
        """
        logits: Tensor = self.projection(self.hidden(embeddings))
        return logits


@torch.inference_mode()
def predict_logits(
    head: Head, embeddings: Tensor | StoredEmbeddings, batch_size: int
) -> list[Tensor]:
    """Logits of all rows, batch by batch: matrix products round by their shape, so it is kept."""
    head.eval()
    starts = range(0, len(embeddings), batch_size)
    return [head(embeddings[start : start + batch_size]) for start in starts]
