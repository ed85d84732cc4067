import math

import pytest
import torch
from torch.nn.functional import cosine_similarity

from pretrain.losses.similarity import BilinearSimilarity, CosineSimilarity, make_similarity


def test_cosine_equals_a_loop_over_pairs() -> None:
    a, b = torch.randn(2, 3, 5), torch.randn(2, 4, 5)
    logits = CosineSimilarity(0.2)(a, b)
    assert logits.shape == (2, 3, 4)
    for i in range(2):
        for n in range(3):
            for m in range(4):
                expected = float(cosine_similarity(a[i, n], b[i, m], dim=0)) / 0.2
                assert math.isclose(float(logits[i, n, m]), expected, abs_tol=1e-5)


def test_cosine_ignores_length() -> None:
    a, b = torch.randn(3, 5), torch.randn(3, 5)
    torch.testing.assert_close(CosineSimilarity(0.1)(a, b), CosineSimilarity(0.1)(7 * a, 0.3 * b))


def test_bilinear_equals_a_loop_and_its_matrix_learns_and_is_saved() -> None:
    a, b = torch.randn(3, 5), torch.randn(4, 5)
    similarity = BilinearSimilarity(5)
    logits = similarity(a, b)
    for n in range(3):
        for m in range(4):
            expected = a[n] @ similarity.weight @ b[m]
            torch.testing.assert_close(logits[n, m], expected, atol=1e-5, rtol=1e-5)
    logits.sum().backward()
    assert similarity.weight.grad is not None
    assert list(similarity.state_dict()) == ["weight"]


def test_names_and_bad_temperature() -> None:
    assert isinstance(make_similarity("cosine", 4, 0.1), CosineSimilarity)
    assert isinstance(make_similarity("bilinear", 4, 0.1), BilinearSimilarity)
    with pytest.raises(ValueError, match="temperature"):
        CosineSimilarity(0.0)
