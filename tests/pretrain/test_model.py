"""Which loss reads which of a frame's numbers, and what the pitch branch is trained by."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from msssl_hear.checkpoint import load_checkpoint
from pretrain.data.corpus import Corpus
from pretrain.loop import Progress
from pretrain.model import Metrics
from pretrain.recipe import DataArgs, LossArgs, Recipe
from pretrain.training import Training
from pretrain.views.step import mixed

pytestmark = pytest.mark.usefixtures("few_statistics")

BRANCH = LossArgs(
    pitch_form="contrast",
    frame_negatives="batch",
    frame_part="trunk",
    pitch_part="branch",
    instance_weight=0.5,
)


def with_branch(recipe: Recipe, loss: LossArgs = BRANCH) -> Recipe:
    """The last 4 of 16 numbers are the branch's."""
    return replace(
        recipe,
        encoder=replace(recipe.encoder, pitch_numbers=4),
        loss=loss,
    )


def made(recipe: Recipe, corpus: Corpus, chunk: int | None = None) -> Training:
    training = Training(recipe, corpus, "cpu", chunk)
    training.fit_statistics()
    return training


def slopes(recipe: Recipe, corpus: Corpus, loss: str) -> Tensor:
    """Length of one loss's gradient with respect to each of a frame's numbers, shape (size,)."""
    training = made(recipe, corpus)
    seen: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, frames: Tensor) -> None:
        frames.retain_grad()
        seen.append(frames)

    training.module.encoder.register_forward_hook(keep)
    metrics: Metrics = training.module(training.make_views(0))
    getattr(metrics, f"{loss}_loss").backward()
    assert seen[0].grad is not None
    return seen[0].grad.abs().sum(dim=(0, 1))


def test_each_loss_reads_its_part(tiny_corpus: Corpus, tiny_recipe: Recipe) -> None:
    recipe = with_branch(tiny_recipe)
    for loss, reads_trunk, reads_branch in [
        ("clip", True, True),
        ("frame", True, False),
        ("pitch", False, True),
        ("instance", False, True),
    ]:
        found = slopes(recipe, tiny_corpus, loss)
        assert (found[:12] > 0).all() if reads_trunk else (found[:12] == 0).all(), loss
        assert (found[12:] > 0).all() if reads_branch else (found[12:] == 0).all(), loss
    apart = with_branch(tiny_recipe, replace(BRANCH, clip_part="trunk"))
    assert (slopes(apart, tiny_corpus, "clip")[12:] == 0).all()


def test_without_parts_each_loss_reads_all(tiny_corpus: Corpus, tiny_recipe: Recipe) -> None:
    recipe = replace(tiny_recipe, loss=LossArgs(instance_weight=1.0))
    for loss in ("clip", "frame", "pitch", "instance"):
        assert (slopes(recipe, tiny_corpus, loss) > 0).all()


def test_a_branch_that_no_loss_reads_has_no_gradients(
    tiny_corpus: Corpus, tiny_recipe: Recipe
) -> None:
    unread = LossArgs(pitch_weight=0, clip_part="trunk", frame_part="trunk")
    training = made(with_branch(tiny_recipe, unread), tiny_corpus)
    training.do_step(0)  # DDP would wait for gradients that never come
    module = training.module
    for name, parameter in module.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name
    assert module.encoder.pitch_branch is not None
    assert not any(p.requires_grad for p in module.encoder.pitch_branch.parameters())


@pytest.mark.parametrize("background", [0.0, 1.0])
def test_the_twin_is_the_anchor_at_its_pitch_in_another_place(
    tiny_corpus: Corpus, tiny_recipe: Recipe, background: float
) -> None:
    recipe = replace(with_branch(tiny_recipe), data=DataArgs(background_probability=background))
    training = made(recipe, tiny_corpus)
    drawn = training.sampler.draw_all(0, mixed=False, behind=4 if background else 0)
    draws = {"augment": torch.Generator().manual_seed(0)}
    batch, twin = mixed(drawn, recipe, draws, training.share)
    assert twin is not None and torch.equal(twin, batch.anchor) == (background == 0)
    views = training.make_views(0)
    assert views.log_mel.shape[0] == 4 and training.crops_per_step == 4 * 4
    assert not torch.equal(views.log_mel[3], views.log_mel[0])
    if background == 0 and views.contrast is not None:
        # Noise and response differ, pitch does not: nearer to the twin than to the partner.
        long = views.lengths == 32
        anchor, _, partner, twin = views.contrast[:, long].flatten(2)
        near, far = ((x - anchor).square().mean(dim=1) for x in (twin, partner))
        assert (near < far).all()


def test_a_branch_and_its_settings_are_in_the_checkpoint(
    tiny_corpus: Corpus, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    recipe = with_branch(tiny_recipe)
    recipe = replace(recipe, encoder=replace(recipe.encoder, pitch_scale=0.5))
    whole = made(recipe, tiny_corpus)
    path = tmp_path / "weights.safetensors"
    whole.export(path, Progress(step=1))
    _, encoder, card = load_checkpoint(path)
    assert card["encoder"]["pitch_numbers"] == encoder.config.pitch_numbers == 4
    assert encoder.pitch_branch is not None and encoder.pitch_branch.scale == 0.5
    assert card["settings"]["loss"]["pitch_part"] == "branch"


def test_wider_moves_add_wrong_answers(tiny_corpus: Corpus, tiny_recipe: Recipe) -> None:
    recipes = [
        with_branch(tiny_recipe, replace(BRANCH, pitch_moves_semitones=most)) for most in (0, 20.0)
    ]
    near, far = (made(recipe, tiny_corpus) for recipe in recipes)
    views = near.make_views(0)
    few, many = (float(some.module(views).pitch_loss.detach()) for some in (near, far))
    # Before training, all moves of up to 6 semitones are about as likely; there are 37.
    assert few == pytest.approx(math.log(37), abs=0.4)
    assert few + 0.3 < many < math.log(121) + 0.1
