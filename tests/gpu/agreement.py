"""The device against the CPU: the same inputs and weights give the same but for rounding."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor, nn

import msssl_hear
import pretrain
from benchmark.heads.evaluate import evaluate_task
from benchmark.heareval.embedding_folder import read_heareval_folder
from benchmark.protocol import Protocol
from msssl_hear.encoder import HOP_FRAMES, Encoder
from msssl_hear.fused_encoder import KINDS
from msssl_hear.log_mel import LogMel
from msssl_hear.model import HearModel
from pretrain.data.crops import CropSampler
from pretrain.data.sampler import StepCrops
from pretrain.model import SamplingStrategies
from pretrain.precision import Precision, products
from pretrain.read_out import fit_statistics
from pretrain.recipe import Recipe
from pretrain.recipe_files import find_recipe, read_recipe
from pretrain.replay import WARM_UP
from pretrain.training import Training
from pretrain.views.views import Views, make_views
from tests.gpu.embedding import shared_against_alone, worker_against_cpu
from tests.gpu.findings import Check
from tests.gpu.heads import recordings, replay_against_plain
from tests.gpu.made_data import (
    FEW_EVENT_CLIPS,
    FEW_SCENE_CLIPS,
    made_corpus,
    made_waveforms,
    write_corpus,
    write_event_task,
    write_scene_task,
)

RECIPES = ("multi_branch", "multi", "multi_bilinear", "paper")
EMBEDDING_TOLERANCE = 1e-3  # of an embedding's norm; TF32 convolutions gave 1.5e-4
CNN14_TOLERANCE = 5e-3  # TF32 in twelve convolutions of random weights; not measured yet
LOSS_TOLERANCE = 2e-3  # of the loss
GRADIENT_TOLERANCE = 5e-3  # of the gradient's norm, in float32
TF32_TOLERANCE = 0.1  # the same where products keep 10 bits; it was 0.02 to 0.055 on an H200
PATH_TOLERANCE = 5e-3  # of the weights' norm, between plain steps and those of graphs and kernels
WEIGHT_TOLERANCE = 1e-3  # of the weights' norm: sums on a GPU come in any order
SCORE_TOLERANCE = 0.03  # heads draw other first weights and masks on a device


def relative(found: Tensor, wanted: Tensor) -> float:
    """Length of the difference over the length of what is wanted, the worst row."""
    found, wanted = found.detach().cpu().double(), wanted.detach().cpu().double()
    rows = wanted.flatten(end_dim=-2) if wanted.ndim > 1 else wanted[None]
    difference = found.reshape(rows.shape) - rows
    return float((difference.norm(dim=-1) / rows.norm(dim=-1).clamp_min(1e-6)).max())


def embeddings(device: str) -> Iterator[Check]:
    """Scene and timestamp embeddings of both bundled encoders, of 0.5, 4 and 35 seconds."""
    for name in msssl_hear.KNOWN_WEIGHTS:
        here, there = msssl_hear.load_model(name), msssl_hear.load_model(name).to(device)
        yield from same_embeddings(name, here, there, device)


def same_embeddings(name: str, here: HearModel, there: HearModel, device: str) -> Iterator[Check]:
    """A model on the CPU and on the device, of clips in one chunk and in two."""
    for seconds in (0.5, 4.0, 35.0):
        audio = made_waveforms(2, seconds)
        with torch.inference_mode():
            for kind, embed in (
                ("scene", HearModel.scene_embeddings),
                ("timestamp", HearModel.frame_embeddings),
            ):
                difference = relative(embed(there, audio.to(device)), embed(here, audio))
                yield Check(f"{name}: {kind}, {seconds:g} s", difference, EMBEDDING_TOLERANCE)
    if device.startswith("cuda"):
        yield from without_kernel(name, there)


def without_kernel(name: str, module: nn.Module) -> Iterator[Check]:
    """Layers that do not take our kernels, because these are not there or not the same."""
    for what, kind in KINDS.items():
        layers = [layer for layer in module.modules() if isinstance(layer, kind)]
        yield Check(f"{name}: {what} without kernel", sum(not one.fused for one in layers), 0)


def pitch_branch(device: str) -> Iterator[Check]:
    """Steps of the recipe with a pitch branch, and the read-out ``scaled`` of its encoder.

    Its statistics are fitted on the CPU and on the device, each by its own embeddings.
    """
    yield from training_paths(device, "multi_branch")
    recipe = read_recipe(find_recipe("multi_branch"))
    torch.manual_seed(0)
    encoder, corpus, models = Encoder(recipe.encoder).eval(), made_corpus(24), []
    for place in ("cpu", device):
        log_mel, own = LogMel(recipe.log_mel).to(place), copy.deepcopy(encoder).to(place)
        found = fit_statistics(log_mel, own, corpus, 0, recipe.read_out_scales)
        model = HearModel(log_mel, own, {}, "branch", "scaled", found)
        models.append(model.to(place))
    yield from same_embeddings("multi_branch, scaled", *models, device)


def embedding_runs(device: str, folder: Path) -> Iterator[Check]:
    """Runs from files: many clips of several lengths, Cnn14, two processes on one device."""
    for spec, tolerance, clips, rate in (
        ("msssl_hear", EMBEDDING_TOLERANCE, 48, 16_000),
        ("tests.bench.untrained_cnn14", CNN14_TOLERANCE, 8, 32_000),
    ):
        name = spec.rpartition(".")[2]
        for kind, difference in worker_against_cpu(spec, device, folder / name, clips, rate):
            yield Check(f"{name}: from files, {kind}", difference, tolerance)
    difference = shared_against_alone(device, folder / "shared")
    yield Check("scores, two processes on one device", difference, SCORE_TOLERANCE)


def losses_and_gradients(device: str, recipes: Sequence[str] = RECIPES) -> Iterator[Check]:
    """Each recipe's loss and its gradient, of the same views."""
    corpus = made_corpus(32)
    for name in recipes:
        recipe = read_recipe(find_recipe(name))
        hop = recipe.log_mel.hop_length
        sampler = CropSampler(
            corpus,
            16,
            recipe.run.crop_frames * hop,
            HOP_FRAMES * hop,
            recipe.loss.frame_max_offset,
            0,
            torch.device("cpu"),
        )
        log_mel, generator = LogMel(recipe.log_mel), torch.Generator().manual_seed(0)
        batch = sampler.draw(0)
        views = make_views(
            log_mel,
            batch,
            recipe.augment,
            recipe.loss.needs_partner,
            generator,
            with_contrast=recipe.encoder.pitch_numbers > 0,
            twin=batch.anchor if recipe.loss.needs_twin else None,
        )
        torch.manual_seed(0)
        module = SamplingStrategies(recipe)
        plain = loss_and_gradient(module, views, "cpu", "32-ieee")
        settings: dict[str, tuple[Precision, float]] = {"": ("32-ieee", GRADIENT_TOLERANCE)}
        if device.startswith("cuda"):
            settings[", TF32"] = ("32-true", TF32_TOLERANCE)
        for kind, (precision, tolerance) in settings.items():
            found = loss_and_gradient(module, views, device, precision)
            loss, gradient = (relative(f, p) for f, p in zip(found, plain, strict=True))
            yield Check(f"{name}: loss{kind}", loss, LOSS_TOLERANCE)
            yield Check(f"{name}: gradient{kind}", gradient, tolerance)


def loss_and_gradient(
    module: SamplingStrategies, views: Views, device: str, precision: Precision
) -> tuple[Tensor, Tensor]:
    """On the CPU, shapes (1,) and (parameters,)."""
    module.to(device).zero_grad()
    with products(torch.device(device), precision):
        metrics = module(Views(*(tensor.to(device) for tensor in views.tensors())))
        torch.autograd.backward(metrics.loss)
    gradients = [p.grad.flatten().cpu() for p in module.parameters() if p.grad is not None]
    return metrics.loss.detach().cpu()[None], torch.cat(gradients)


def training_paths(device: str, recipe: Recipe | str, steps: int = WARM_UP + 5) -> Iterator[Check]:
    """Steps of graphs and kernels against plain ones; a CPU plays graphs and has no kernels.

    Args:
        device: Torch device.
        recipe: All settings, or the name of a recipe.
        steps: More than are made before a step is replayed.
    """
    if isinstance(recipe, str):
        recipe = read_recipe(find_recipe(recipe))
    recipe = replace(recipe, run=replace(recipe.run, batch_size=8))
    name = recipe.name
    corpus, on_cuda = made_corpus(32), device.startswith("cuda")
    losses, weights = [], []
    for fast in (False, True):
        training = Training(recipe, corpus, device, graphs=fast, kernels=fast and on_cuda)
        training.fit_statistics()
        found = [training.do_step(step).loss.cpu() for step in range(steps)]
        training.settle()
        losses.append(found[0][None])
        weights.append(
            torch.cat([p.detach().cpu().flatten() for p in training.module.parameters()])
        )
    yield Check(f"{name}: first loss, kernels and plain", relative(*losses), LOSS_TOLERANCE)
    what = f"{name}: weights after {steps} steps, graphs and plain"
    yield Check(what, relative(*weights), PATH_TOLERANCE)
    plain = sum(part.failed for part in training.replayed.values())
    yield Check(f"{name}: parts of a step without graph", plain, 0)
    if on_cuda:
        yield from without_kernel(name, training.module)


def resumed_training(device: str, folder: Path) -> Iterator[Check]:
    """Eight steps in one piece, and stopped after the fourth and resumed."""
    data = write_corpus(folder / "audio", 24)
    recipe = read_recipe(find_recipe("multi"))
    run = replace(recipe.run, steps=8, batch_size=8, checkpoint_minutes=1e-9)
    recipe = replace(recipe, run=run, data=replace(recipe.data, synthetic_clips=0))

    def train(name: str, resume: bool = False) -> Tensor:
        path = pretrain.fit(recipe, data=data, out=folder / name, device=device, resume=resume)
        weights = msssl_hear.load_model(str(path)).encoder.state_dict().values()
        return torch.cat([w.flatten().double() for w in weights if w.is_floating_point()])

    draw = CropSampler.draw_all

    def stop_in_the_fifth(sampler: CropSampler, step: int, mixed: bool, behind: int) -> StepCrops:
        if step == 4:
            raise KeyboardInterrupt
        return draw(sampler, step, mixed, behind)

    whole = train("whole")
    try:
        with patch.object(CropSampler, "draw_all", stop_in_the_fifth):
            train("stopped")
    except KeyboardInterrupt:
        difference = relative(train("stopped", resume=True), whole)
        yield Check("multi: eight steps, resumed after four", difference, WEIGHT_TOLERANCE)


def heads(device: str, folder: Path) -> Iterator[Check]:
    """Fast mode's test scores, and its graphs against plain operations on the same device.

    Of a scene task and an event task. On a CPU, recordings of operations stand in for the graphs.
    """
    protocol = Protocol("fast", mode="fast", grid_points=1)
    scene = write_scene_task(folder, FEW_SCENE_CLIPS)
    event = write_event_task(folder, FEW_EVENT_CLIPS)
    for path in (scene, event):
        task, splits = read_heareval_folder(path)
        here = evaluate_task(task, splits, protocol)
        with recordings(device):
            there = evaluate_task(task, splits, protocol, device=device)
        kind = f"heads, {task.embedding_type}"
        for name, score in here.scores.items():
            if name in task.evaluation:
                difference = abs(there.scores[name] - score)
                yield Check(f"{kind}: {name}", difference, SCORE_TOLERANCE)
        replay = replay_against_plain(task, splits, device)
        yield Check(f"{kind}: weights, graphs and plain", replay.difference, WEIGHT_TOLERANCE)
        yield Check(f"{kind}: graphs of no use", len(replay.warnings), 0)
