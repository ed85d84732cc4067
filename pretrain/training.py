"""Training by the paper's sampling strategies: one step, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from msssl_common.messages import is_out_of_memory, requested_memory
from msssl_hear.checkpoint import save_checkpoint
from msssl_hear.encoder import HOP_FRAMES
from msssl_hear.log_mel import LogMel
from pretrain.card import make_card
from pretrain.data.corpus import Corpus
from pretrain.data.open import open_sampler
from pretrain.data.sampler import CropBatch
from pretrain.data.seeds import generator_for
from pretrain.data.shards.corpus import ShardCorpus
from pretrain.data.share import BatchShard
from pretrain.distributed.gather import all_reduce_sum, world_size
from pretrain.distributed.processes import open_fabric
from pretrain.gradient_cache import backward_through_embeddings, embedding_gradients
from pretrain.loop import Progress
from pretrain.model import Metrics, SamplingStrategies
from pretrain.optimiser import learning_rate, make_optimiser, set_learning_rate
from pretrain.recipe import Recipe
from pretrain.views.augment import add_background
from pretrain.views.mixing import mix_clips
from pretrain.views.normalisation import log_mel_statistics
from pretrain.views.views import Views, make_views


class Training:
    """Encoder, heads and optimiser; the `pretrain.loop.Loop` runs its steps.

    Attributes:
        share: What this process does of each batch.
    """

    metric_names = Metrics._fields

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus | ShardCorpus,
        device: str,
        chunk: int | None = None,
        compiled: bool = False,
    ) -> None:
        """Draw the weights from the recipe's seed.

        Args:
            recipe: All settings.
            corpus: Audio.
            device: Lightning Fabric's accelerator.
            chunk: Clips that are encoded at once; None for the process's whole share.
            compiled: Whether torch.compile makes the encoder's program.

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
        self.optimiser = make_optimiser(self.module, recipe.optimiser)
        self.fabric_module, self.fabric_optimiser = fabric.setup(self.module, self.optimiser)
        self.fabric_module.mark_forward_method("surrogate_loss")
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

    def fit_statistics(self) -> None:
        """Estimate the front end's normalisation from the corpus."""
        mean, std = self.fabric.broadcast(
            log_mel_statistics(self.log_mel, self.corpus, self.recipe.run.seed)
        )
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
            Of the joint batch, on the CPU.

        Raises:
            FloatingPointError: The loss or its gradient is NaN or infinite.
            MemoryError: The batch does not fit.
        """
        try:
            return self.optimiser_step(step, self.make_views(step))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise self.out_of_memory(step, error) from None

    def out_of_memory(self, step: int, error: BaseException) -> MemoryError:
        """What to do where a batch does not fit."""
        clips = self.chunk or self.share.size
        return MemoryError(
            f"not enough memory for {clips} clips at once in step {step + 1} "
            f"({requested_memory(error)}): encode fewer with --chunk {max(1, clips // 2)}, or take "
            "a larger machine; then resume the run with --resume"
        )

    def make_views(self, step: int) -> Views:
        """This process's share of the step's batch, as the encoder is to see it."""
        recipe = self.recipe
        generator = generator_for(recipe.run.seed, step, "augment", self.fabric.device)
        return make_views(
            self.log_mel,
            self.sample_batch(step, generator),
            recipe.augment,
            recipe.loss.needs_partner,
            generator,
            self.share,
            with_contrast=recipe.encoder.pitch_numbers > 0,
        )

    def sample_batch(self, step: int, generator: torch.Generator) -> CropBatch:
        """A step's crops, with what is mixed into clips and put behind views."""
        args, sampler = self.recipe.data, self.sampler
        batch = mix_clips(sampler.draw(step), sampler, step, args.mixture_probability)
        if self.recipe.loss.needs_twin:
            batch = batch._replace(twin=batch.anchor)
        if args.background_probability == 0:
            return batch
        crops = {"anchor": batch.anchor, "positive": batch.positive, "partner": batch.partner}
        if batch.twin is not None:
            crops["twin"] = batch.twin
        behind = sampler.backgrounds(step, len(crops))
        level = (args.background_probability, args.background_snr_db)
        mixed = {
            name: add_background(crop, other, *level, generator, self.share)
            for (name, crop), other in zip(crops.items(), behind, strict=True)
        }
        return batch._replace(**mixed)

    def optimiser_step(self, step: int, views: Views) -> Metrics:
        """Move the weights down the gradient.

        Only the look at the loss waits for the device, once all gradients are on their way.

        Args:
            step: 0, 1, ...; it decides the learning rate.
            views: This process's share.

        Returns:
            Of the joint batch, on the CPU.

        Raises:
            FloatingPointError: The loss or its gradient is NaN or infinite.
        """
        args, run = self.recipe.optimiser, self.recipe.run
        rate = learning_rate(step, run.steps, args.learning_rate, args.warmup_share)
        set_learning_rate(self.optimiser, rate)
        metrics = self.differentiate(views)
        norm = self.fabric.clip_gradients(
            self.fabric_module,
            self.fabric_optimiser,
            max_norm=args.max_gradient_norm,
            error_if_nonfinite=False,
        )
        assert norm is not None
        *values, length = torch.stack([*metrics, norm]).cpu()
        metrics = Metrics(*values)
        for name, value in (("loss", metrics.loss), ("length of the gradient", length)):
            if not bool(value.isfinite()):
                raise FloatingPointError(
                    f"the {name} is {value.item()} at step {step + 1}; "
                    "the state before it is kept: lower optimiser.learning_rate and start again"
                )
        self.fabric_optimiser.step()
        return metrics

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
        self.optimiser.load_state_dict(state["optimiser"])

    def export(self, path: Path, progress: Progress) -> None:
        """Write the encoder and its card."""
        crops = progress.step * self.crops_per_step
        epoch = self.sampler.batches_per_epoch
        card = make_card(self.recipe, self.corpus, progress, crops, epoch)
        save_checkpoint(path, self.log_mel, self.module.encoder, card)
