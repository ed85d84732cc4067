"""Training by the paper's sampling strategies: one step, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from msssl_common.messages import is_out_of_memory, requested_memory, say
from msssl_hear.checkpoint import save_checkpoint
from msssl_hear.encoder import HOP_FRAMES
from msssl_hear.log_mel import LogMel
from pretrain.card import make_card
from pretrain.data.corpus import Corpus
from pretrain.data.crops import CropSampler
from pretrain.data.open import open_sampler
from pretrain.data.sampler import StepCrops
from pretrain.data.seeds import seed_for
from pretrain.data.shards.corpus import ShardCorpus
from pretrain.data.share import BatchShard
from pretrain.distributed.gather import all_reduce_sum, world_size
from pretrain.distributed.processes import open_fabric
from pretrain.finite import LateCheck, check_finite
from pretrain.fused_encoder import fuse
from pretrain.gradient_cache import backward_through_embeddings, embedding_gradients
from pretrain.loop import Progress
from pretrain.model import Metrics, SamplingStrategies
from pretrain.optimiser import (
    capturable,
    hold_learning_rate,
    learning_rate,
    load_optimiser,
    make_optimiser,
    moved_tensors,
    set_learning_rate,
)
from pretrain.precision import products, products_name
from pretrain.read_out import fit_statistics
from pretrain.recipe import Recipe, fits_second_front_end
from pretrain.replay import WARM_UP, Replayed
from pretrain.views.normalisation import log_mel_statistics, log_mel_statistics_at_once
from pretrain.views.step import DRAWS, crops_with_backgrounds, views_of
from pretrain.views.views import Views


class Training:
    """Encoder, heads and optimiser; the `pretrain.loop.Loop` runs its steps.

    Attributes:
        share: What this process does of each batch.
        draws: The generators of a step's views, on the device.
        replayed: Views and optimiser step as CUDA graphs; empty where each kernel is started alone.
    """

    metric_names = Metrics._fields

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus | ShardCorpus,
        device: str,
        chunk: int | None = None,
        compiled: bool = False,
        graphs: bool | None = None,
        kernels: bool | None = None,
    ) -> None:
        """Draw the weights from the recipe's seed.

        Args:
            recipe: All settings.
            corpus: Audio.
            device: Lightning Fabric's accelerator.
            chunk: Clips that are encoded at once; None for the process's whole share.
            compiled: Whether torch.compile makes the encoder's program.
            graphs: Whether steps are recorded and replayed as CUDA graphs; None: where there is a
                CUDA device and a step can be. A CPU plays them, for tests.
            kernels: Whether the encoder's layers are kernels of ours; None: on a CUDA device,
                unless the encoder is compiled.

        Raises:
            ValueError: The processes cannot share a batch evenly.
        """
        self.recipe, self.corpus = recipe, corpus
        self.fabric = fabric = open_fabric(device, recipe.run.precision)
        self.share = BatchShard(recipe.run.batch_size, fabric.global_rank, fabric.world_size)
        self.chunk = chunk if chunk is not None and chunk < self.share.size else None
        torch.manual_seed(recipe.run.seed)
        self.module = SamplingStrategies(recipe)
        if fabric.world_size > 1:  # the encoder has no BatchNorm; any other would be synchronised
            nn.SyncBatchNorm.convert_sync_batchnorm(self.module)  # type: ignore[no-untyped-call]
        if compiled:  # in place: the weights keep their names
            self.module.encoder.compile()
        on_cuda = fabric.device.type == "cuda"
        # Fabric cannot clip scaled gradients for a fused optimiser.
        fused = on_cuda and recipe.run.precision != "16-mixed"
        self.optimiser = make_optimiser(self.module, recipe.optimiser, fused)
        self.fabric_module, self.fabric_optimiser = fabric.setup(self.module, self.optimiser)
        self.fabric_module.mark_forward_method("surrogate_loss")
        if kernels or (kernels is None and on_cuda and not compiled):
            self._fuse()
        self.log_mel = LogMel(recipe.log_mel)
        hop = recipe.log_mel.hop_length
        self.sampler = open_sampler(
            corpus,
            recipe.run.batch_size,
            crop_samples=recipe.run.crop_frames * hop,
            grid=HOP_FRAMES * hop,
            max_offset=recipe.loss.frame_max_offset,
            seed=recipe.run.seed,
            device=fabric.device,
            share=self.share,
            source_balance=recipe.data.source_balance,
        )
        self.draws: dict[str, torch.Generator] = {
            stream: torch.Generator(fabric.device) for stream in DRAWS
        }
        self.late = LateCheck()
        self.replayed: dict[str, Replayed] = {}
        if graphs or (graphs is None and on_cuda and self.can_be_recorded):
            self._replay()

    @property
    def can_be_recorded(self) -> bool:
        """Whether a step is one program: no other process, no chunks, no scale that changes."""
        alone = self.fabric.world_size == 1 and self.chunk is None
        return alone and self.recipe.run.precision != "16-mixed"

    def _fuse(self) -> None:
        encoder, precision = self.module.encoder, self.recipe.run.precision
        for name, reason in fuse(encoder, self.fabric.device, precision).items():
            say(f"{name}: without kernels of our own, slower but the same ({reason})", err=True)

    def _replay(self) -> None:
        """Record views and optimiser steps after their first calls."""
        hold_learning_rate(self.optimiser, self.fabric.device)
        device = self.fabric.device
        self.replayed = {
            "views": Replayed(self._views, "views", device, self.draws),
            "step": Replayed(
                self._moved,
                "training step",
                device,
                written=lambda: moved_tensors(self.optimiser),
            ),
        }

    @property
    def first_calls(self) -> int:
        """Calls before a step takes as long as all later ones."""
        return WARM_UP + 2 if self.replayed else 1

    def fit_statistics(self) -> None:
        """Estimate the front end's normalisation from the corpus."""
        seed, device = self.recipe.run.seed, self.fabric.device
        if device.type == "cuda" and isinstance(self.sampler, CropSampler):
            samples, corpus = self.sampler.samples, self.sampler.corpus
            found = log_mel_statistics_at_once(self.log_mel.to(device), samples, corpus, seed)
        else:
            found = log_mel_statistics(self.log_mel.cpu(), self.corpus, seed)
        mean, std = self.fabric.broadcast(found)
        self.log_mel.mean.copy_(mean)
        self.log_mel.std.copy_(std)
        self.log_mel.to(self.fabric.device)

    @property
    def crops_per_step(self) -> int:
        """Crops that all processes encode in a step."""
        return self.recipe.run.batch_size * self.recipe.loss.views

    def do_step(self, step: int) -> Metrics:
        """Draw the batch of a step (0, 1, ...), and move the weights.

        Returns:
            Of the joint batch: on the device if steps are replayed, else on the CPU.

        Raises:
            FloatingPointError: The loss or its gradient is NaN or infinite, here or, if steps are
                replayed, a few steps ago.
            MemoryError: The batch does not fit.
        """
        try:
            return self.optimiser_step(step, self.make_views(step))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise self.out_of_memory(step, error) from None

    def settle(self) -> None:
        """Wait for all steps so far; raises as `do_step` does."""
        self.late.settle()

    def out_of_memory(self, step: int, error: BaseException) -> MemoryError:
        """What to do where a batch does not fit."""
        clips = self.chunk or self.share.size
        return MemoryError(
            f"not enough memory for {clips} clips at once in step {step + 1} "
            f"({requested_memory(error)}): encode fewer with --chunk {max(1, clips // 2)}, or take "
            "a larger machine; then resume the run with --resume"
        )

    def make_views(self, step: int) -> Views:
        """This process's share of the step's batch, as the encoder is to see it.

        The next call overwrites views that are replayed.
        """
        recipe = self.recipe
        behind = crops_with_backgrounds(recipe) if recipe.data.background_probability > 0 else 0
        crops = self.sampler.draw_all(step, recipe.data.mixture_probability > 0, behind)
        replayed = self.replayed.get("views")
        with products(self.fabric.device, recipe.run.precision):
            for stream in DRAWS:
                self.draws[stream].manual_seed(seed_for(recipe.run.seed, step, stream))
            return Views(*(replayed or self._views)(*crops))

    def _views(self, *drawn: Tensor) -> tuple[Tensor, ...]:
        """All that is made of a step's crops, on the device: the tensors of `Views`."""
        crops = StepCrops(*drawn)
        return views_of(crops, self.log_mel, self.recipe, self.draws, self.share).tensors()

    def optimiser_step(self, step: int, views: Views) -> Metrics:
        """Move the weights down the gradient.

        Args:
            step: 0, 1, ...; it decides the learning rate.
            views: This process's share.

        Returns:
            Of the joint batch: on the device if steps are replayed, else on the CPU.

        Raises:
            FloatingPointError: The loss or its gradient is NaN or infinite. A replayed step is
                looked at later, so that nothing waits for the device.
        """
        args, run = self.recipe.optimiser, self.recipe.run
        rate = learning_rate(step, run.steps, args.learning_rate, args.warmup_share)
        set_learning_rate(self.optimiser, rate)
        with products(self.fabric.device, run.precision):
            if replayed := self.replayed.get("step"):
                (moved,) = replayed(*views.tensors())
                *values, length = moved.clone()
                self.late.add(step, values[0], length)
                return Metrics(*values)
            *values, length = torch.stack(self._gradients(views)).cpu()
            check_finite(step, values[0], length)
            self.fabric_optimiser.step()
        return Metrics(*values)

    def _moved(self, *views: Tensor) -> tuple[Tensor]:
        """Move the weights; metrics and the gradient's length, shape (metrics + 1,)."""
        found = torch.stack(self._gradients(Views(*views)))
        capturable(self.optimiser)
        self.fabric_optimiser.step()
        return (found,)

    def _gradients(self, views: Views) -> list[Tensor]:
        """Set and clip the gradients; metrics and the gradient's length before that."""
        metrics = self.differentiate(views)
        length = self.fabric.clip_gradients(
            self.fabric_module,
            self.fabric_optimiser,
            max_norm=self.recipe.optimiser.max_gradient_norm,
            error_if_nonfinite=False,
        )
        assert length is not None
        return [*metrics, length]

    def differentiate(self, views: Views) -> Metrics:
        """Set the gradients of the joint batch's loss, the same in every process.

        Args:
            views: This process's share.

        Returns:
            Of the joint batch.
        """
        self.fabric_optimiser.zero_grad()
        if self.chunk is None:
            metrics: Metrics = self.fabric_module(views)
            self.fabric.backward(metrics.loss)
        else:
            metrics, gradients = embedding_gradients(self.fabric, self.module, views, self.chunk)
            backward_through_embeddings(
                self.fabric, self.fabric_module, views, self.chunk, gradients
            )
        values = torch.stack([value.detach() for value in metrics])
        return Metrics(*all_reduce_sum(values) / world_size())

    def describe(self, means: Mapping[str, float]) -> list[str]:
        """Mean metrics for people; the strategies that are off are left out."""
        parts = [
            f"loss {means['loss']:.3f}",
            f"clip {means['clip_loss']:.3f} (right {means['clip_accuracy']:.0%})",
        ]
        if means["frame_loss"]:
            parts.append(f"frame {means['frame_loss']:.3f} (right {means['frame_accuracy']:.0%})")
        if means["pitch_loss"]:
            parts.append(f"pitch {means['pitch_loss']:.3f} (score {means['pitch_score']:.2f})")
        if loss := means["instance_loss"]:
            parts.append(f"instance {loss:.3f} (right {means['instance_accuracy']:.0%})")
        return parts

    def state(self) -> dict[str, Any]:
        """Weights, normalisation and optimiser."""
        return {
            "module": self.module.state_dict(),
            "log_mel": self.log_mel.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a saved state."""
        self.module.load_state_dict(state["module"])
        self.log_mel.load_state_dict(state["log_mel"])
        self.log_mel.to(self.fabric.device)
        load_optimiser(self.optimiser, state["optimiser"])
        if self.replayed:
            self._replay()

    def export(self, path: Path, progress: Progress) -> None:
        """Write the encoder, statistics for its read-out `scaled`, and its card."""
        crops = progress.step * self.crops_per_step
        epoch = self.sampler.batches_per_epoch
        device = self.fabric.device
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
        facts = {"name": name, "products": products_name(device, self.recipe.run.precision)}
        card = make_card(self.recipe, self.corpus, progress, crops, epoch, facts)
        encoder, recipe = self.module.encoder, self.recipe
        statistics = None
        if fits_second_front_end(recipe.log_mel):
            statistics = fit_statistics(
                self.log_mel, encoder, self.corpus, recipe.run.seed, recipe.read_out_scales
            )
        save_checkpoint(path, self.log_mel, encoder, card, statistics=statistics)
