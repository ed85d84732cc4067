"""How alike two embeddings are: the logits of the contrastive losses."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

SimilarityName = Literal["cosine", "bilinear"]


class CosineSimilarity(nn.Module):
    """``cos(a, b) / temperature`` (the paper's cosine form; SimCLR, Chen et al. 2020, eq. 1)."""

    def __init__(self, temperature: float) -> None:
        """Fix the temperature.

        Args:
            temperature: Divides the cosine; above 0. The paper's is 0.2.
        """
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"temperature {temperature} must be above 0")
        self.temperature = temperature

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare every vector of ``a`` with every vector of ``b``.

        Args:
            a: Shape (..., n, size).
            b: Shape (..., m, size).

        Returns:
            Shape (..., n, m).
        """
        a = nn.functional.normalize(a, dim=-1)
        b = nn.functional.normalize(b, dim=-1)
        return a @ b.transpose(-1, -2) / self.temperature

    def factors(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors whose products are the similarities, same shapes."""
        a, b = (nn.functional.normalize(x, dim=-1) for x in (a, b))
        return a / self.temperature, b


class BilinearSimilarity(nn.Module):
    """``a^T W b`` with learnt ``W`` (COLA, Saeed et al. 2021, section 2; no temperature)."""

    def __init__(self, size: int) -> None:
        """Draw ``W`` (Glorot uniform).

        Args:
            size: Length of the embeddings.
        """
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size, size))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare every vector of ``a`` with every vector of ``b``.

        Args:
            a: Shape (..., n, size).
            b: Shape (..., m, size).

        Returns:
            Shape (..., n, m).
        """
        return a @ self.weight @ b.transpose(-1, -2)

    def factors(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors whose products are the similarities, same shapes."""
        return a @ self.weight, b


Similarity = CosineSimilarity | BilinearSimilarity


def make_similarity(name: SimilarityName, size: int, temperature: float) -> Similarity:
    """The similarity of that name; ``bilinear`` has no temperature, ``cosine`` no size."""
    return CosineSimilarity(temperature) if name == "cosine" else BilinearSimilarity(size)
