import pytest
import torch

from pretrain.precision import fabric_precision, products, products_name
from pretrain.recipe import Recipe, RunArgs

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


def settings() -> tuple[str, bool]:
    return torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize(
    ("precision", "inside"), [("32-true", ("high", True)), ("32-ieee", ("highest", False))]
)
def test_products_are_set_on_cuda_alone_and_taken_back(precision, inside) -> None:
    before = settings()
    with products(CPU, precision):
        assert settings() == before
    with pytest.raises(KeyError), products(CUDA, precision):
        assert settings() == inside
        raise KeyError
    assert settings() == before


def test_names() -> None:
    assert products_name(CUDA, "32-true") == "TF32" and products_name(CPU, "32-true") == "float32"
    assert products_name(CUDA, "32-ieee") == "float32"
    assert products_name(CUDA, "bf16-mixed") == "bfloat16"
    assert fabric_precision("32-ieee") == "32-true" and fabric_precision("16-mixed") == "16-mixed"
    assert Recipe("r", run=RunArgs(precision="32-ieee")).run.precision == "32-ieee"
