"""Loss and gradients of two processes are those of one with the joined batch."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from pretrain.data.corpus import Corpus
from pretrain.data.share import BatchShard
from pretrain.distributed.gather import all_reduce_sum, gather_rows, rank
from pretrain.model import SamplingStrategies
from pretrain.recipe import DataArgs, LossArgs, Recipe
from pretrain.training import Training
from pretrain.views.views import Views
from tests.pretrain.conftest import make_tiny_corpus, make_tiny_recipe
from tests.pretrain.distributed.two_processes import run_in_two

LOSSES = {
    "cosine": LossArgs(),
    "bilinear": LossArgs(similarity="bilinear", frame_tolerance=0, frame_weight=0.3),
    "frames of the batch": LossArgs(frame_negatives="batch", frame_positive_radius=1),
    "bilinear, frames of the batch": LossArgs(similarity="bilinear", frame_negatives="batch"),
    "contrast of shifts": LossArgs(pitch_form="contrast", frame_negatives="batch"),
    "a pitch branch": LossArgs(
        pitch_form="contrast",
        frame_part="trunk",
        pitch_part="branch",
        instance_weight=0.5,
    ),
    "clips alone": LossArgs(similarity="bilinear", frame_weight=0, pitch_weight=0),
}
CASES = [(name, chunk) for name in LOSSES for chunk in (None, 1)]
IN_FLOAT32 = ("frames of the batch", "contrast of shifts")
FLOAT32, FLOAT64 = 1e-5, 1e-6  # views and metrics are float32 in both cases
TOLERANCES = {"a pitch branch": FLOAT32}  # half a batch's spectral contrast is off by 2e-6


def made(recipe: Recipe, name: str, precision: str = "64-true") -> Recipe:
    branch = 4 * (LOSSES[name].pitch_part == "branch")
    return replace(
        recipe,
        encoder=replace(recipe.encoder, pitch_numbers=branch),
        loss=LOSSES[name],
        data=DataArgs(mixture_probability=0.5, background_probability=0.5),
        run=replace(recipe.run, precision=precision),  # type: ignore[arg-type]
    )


def one_step(recipe: Recipe, corpus: Corpus, chunk: int | None) -> dict[str, Any]:
    """Metrics, gradients and views of the second step, whose batch has the two short clips."""
    training = Training(recipe, corpus, "cpu", chunk)
    # Off the first weights, where much is 0 and little depends on anything.
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in training.module.parameters():
            parameter += 0.02 * torch.randn(parameter.shape, generator=generator)
    views = training.make_views(1)
    training.module.train()
    metrics = training.differentiate(in_precision(views, recipe))
    named = training.module.named_parameters()
    return {
        "metrics": metrics._asdict(),
        "gradients": {key: p.grad.clone() for key, p in named if p.grad is not None},
        "views": {key: value for key, value in views._asdict().items() if value is not None},
    }


def in_precision(views: Views, recipe: Recipe) -> Views:
    if recipe.run.precision == "32-true":
        return views
    return Views(*(x.double() if x is not None and x.is_floating_point() else x for x in views))


def all_cases(recipe: Recipe, corpus: Corpus) -> dict[Any, Any]:
    """In one of two processes."""
    results: dict[Any, Any] = {
        (name, chunk): one_step(made(recipe, name), corpus, chunk) for name, chunk in CASES
    }
    for name in IN_FLOAT32:
        results[name, "float32"] = one_step(made(recipe, name, "32-true"), corpus, 1)
    row = torch.tensor([[1.0 + rank()]], requires_grad=True)
    weights = torch.tensor([[10.0, 1.0], [7.0, 3.0]])[rank()]
    rows = gather_rows(row)
    (rows[:, 0] * weights).sum().backward()
    results["gather"] = rows.detach(), row.grad, all_reduce_sum(torch.tensor(1 + rank()))
    return results


def worst(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Largest difference of a metric or a gradient, of which the largest is about 1."""
    assert one["gradients"].keys() == other["gradients"].keys()
    largest = max(float(g.abs().max()) for g in one["gradients"].values())
    assert largest > 0.1
    differences = [abs(float(v - other["metrics"][k])) for k, v in one["metrics"].items()]
    for key, value in one["gradients"].items():
        differences.append(float((value - other["gradients"][key]).abs().max()))
    return max(differences) / max(largest, 1.0)


@pytest.fixture(scope="module")
def tiny() -> tuple[Recipe, Corpus]:
    """As in the conftest, but for a whole module."""
    return make_tiny_recipe(), make_tiny_corpus()


@pytest.fixture(scope="module")
def in_two(tiny: tuple[Recipe, Corpus], tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("two")
    return run_in_two(all_cases, *tiny, folder=folder)


@pytest.mark.parametrize(("name", "chunk"), CASES)
def test_two_processes_make_the_gradients_of_one(
    tiny: tuple[Recipe, Corpus], in_two: list[Any], name: str, chunk: int | None
) -> None:
    recipe, corpus = tiny
    one = one_step(made(recipe, name), corpus, None)
    assert int(one["views"]["lengths"].min()) < one["views"]["log_mel"].shape[2]  # a short clip
    print(name, chunk, worst(one, in_two[0][name, chunk]))
    tolerance = TOLERANCES.get(name, FLOAT64)
    assert all(worst(one, found[name, chunk]) < tolerance for found in in_two)


@pytest.mark.parametrize("name", IN_FLOAT32)
def test_so_they_do_in_float32(tiny: tuple[Recipe, Corpus], in_two: list[Any], name: str) -> None:
    one = one_step(made(tiny[0], name, "32-true"), tiny[1], None)
    print(name, worst(one, in_two[0][name, "float32"]))
    assert all(worst(one, found[name, "float32"]) < FLOAT32 for found in in_two)


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_chunks_make_the_gradients_of_the_batch(tiny: tuple[Recipe, Corpus], chunk: int) -> None:
    for name in ("bilinear, frames of the batch", "contrast of shifts", "a pitch branch"):
        recipe = made(tiny[0], name)
        whole = one_step(recipe, tiny[1], None)
        assert worst(whole, one_step(recipe, tiny[1], chunk)) < FLOAT64


def test_shares_are_rows_of_the_same_batch(tiny: tuple[Recipe, Corpus], in_two: list[Any]) -> None:
    one = one_step(made(tiny[0], "contrast of shifts"), tiny[1], None)["views"]
    first, second = (found["contrast of shifts", None]["views"] for found in in_two)
    for key, value in one.items():
        axis = 1 if key.startswith("log") else 0
        torch.testing.assert_close(torch.cat([first[key], second[key]], dim=axis), value)


def test_gathered_rows_bring_back_what_all_processes_ask_of_them(in_two: list[Any]) -> None:
    rows, first, total = in_two[0]["gather"]
    assert rows.tolist() == [[1.0], [2.0]] and int(total) == 3
    assert float(first) == 10 + 7 and float(in_two[1]["gather"][1]) == 1 + 3


def test_a_batch_that_cannot_be_shared_evenly_is_refused() -> None:
    with pytest.raises(ValueError, match="a batch of 64 clips cannot be shared evenly by 3"):
        BatchShard(64, 0, 3)
    assert torch.equal(BatchShard(6, 2, 3).of(torch.arange(6)), torch.tensor([4, 5]))


def test_the_encoder_has_no_batch_norm_to_synchronise(tiny: tuple[Recipe, Corpus]) -> None:
    kinds = {type(layer) for layer in SamplingStrategies(tiny[0]).modules()}
    assert not any(issubclass(kind, nn.modules.batchnorm._NormBase) for kind in kinds)
