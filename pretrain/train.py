"""The training loop."""

from __future__ import annotations

import platform
import signal
import threading
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import nn

from msssl_common.messages import is_out_of_memory, requested_memory
from msssl_hear.checkpoint import save_checkpoint
from msssl_hear.encoder import HOP_FRAMES
from msssl_hear.log_mel import LogMel
from msssl_hear.version import __version__
from pretrain.data.corpus import Corpus
from pretrain.data.crops import CropBatch
from pretrain.data.open import open_sampler
from pretrain.data.seeds import generator_for
from pretrain.data.shards.corpus import ShardCorpus
from pretrain.data.share import BatchShard
from pretrain.distributed.gather import all_reduce_sum, world_size
from pretrain.distributed.processes import check_equal, lost_process, open_fabric
from pretrain.gradient_cache import backward_through_embeddings, embedding_gradients
from pretrain.model import Metrics, SamplingStrategies
from pretrain.optimiser import learning_rate, make_optimiser, set_learning_rate
from pretrain.recipe import Recipe
from pretrain.run_folder import (
    WEIGHTS,
    append_metrics,
    drop_metrics_after,
    open_run,
    save_state,
)
from pretrain.views.augment import add_background
from pretrain.views.mixing import mix_clips
from pretrain.views.normalisation import log_mel_statistics
from pretrain.views.pitch_shift import check_shift
from pretrain.views.views import Views, make_views

LINES_PER_RUN = 50  # beside those at 1, 2, 5, 10, 20, 50, ...


def train(
    recipe: Recipe,
    corpus: Corpus | ShardCorpus,
    folder: Path,
    device: str,
    resume: bool,
    chunk: int | None = None,
    compiled: bool = False,
    quiet: bool = False,
) -> Path:
    """Train by a recipe, or resume a run, and write its weights.

    Where torchrun started several processes, all call this and share each batch; the first writes.

    Args:
        recipe: All settings.
        corpus: Audio, at the front end's sample rate.
        folder: The run's folder.
        device: ``cpu``, ``cuda``, ``mps`` or ``auto``.
        resume: Go on from the folder's training state.
        chunk: Clips that a process encodes at once; None for all of its share.
        compiled: Whether the encoder is compiled; the same numbers but for rounding.
        quiet: Whether to leave out the lines about progress.

    Returns:
        The weights' file.

    Raises:
        ValueError: Settings that do not fit each other, the corpus or the folder.
        FloatingPointError: The loss became NaN or infinite.
        ConnectionError: Another process died.
    """
    check_shift(recipe.log_mel, recipe.augment.max_shift_semitones)
    training = Training(recipe, corpus, folder, device, chunk, compiled, quiet)
    facts: dict[str, Any] = {"clips": len(corpus), "sha256": corpus.fingerprint()}
    if isinstance(corpus, ShardCorpus):
        facts["reader"] = "stream"  # its batches are others than those of a corpus in memory
    config = {**recipe.to_dict(), "corpus": facts}
    state = training.open(config, resume)
    if state is None:
        training.fit_statistics()
    else:
        training.restore(state)
    training.run()
    return training.export() if training.fabric.is_global_zero else folder / WEIGHTS


class Training:
    """A run: what is trained, how far it is, and where it is written.

    Attributes:
        share: What this process does of each batch.
        step: Optimiser steps done.
        seconds: Spent on them, over all sessions of a resumed run.
    """

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus | ShardCorpus,
        folder: Path,
        device: str,
        chunk: int | None = None,
        compiled: bool = False,
        quiet: bool = False,
    ) -> None:
        """Draw the weights from the recipe's seed.

        Args:
            recipe: All settings.
            corpus: Audio.
            folder: The run's folder.
            device: Lightning Fabric's accelerator.
            chunk: Clips that are encoded at once; None for the process's whole share.
            compiled: Whether torch.compile makes the encoder's program.
            quiet: Whether to leave out the lines about progress.

        Raises:
            ValueError: The processes cannot share a batch evenly.
        """
        self.recipe, self.corpus, self.folder = recipe, corpus, folder
        self.fabric = fabric = open_fabric(device, recipe.run.precision)
        self.share = BatchShard(recipe.run.batch_size, fabric.global_rank, fabric.world_size)
        self.chunk = chunk if chunk is not None and chunk < self.share.size else None
        quiet = quiet or not fabric.is_global_zero
        self.console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
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
        )
        self.step = 0
        self.seconds = 0.0
        self.sums = torch.zeros(len(Metrics._fields), dtype=torch.float64)
        self.summed = 0
        self.last_row: dict[str, float] = {}

    def open(self, config: dict[str, Any], resume: bool) -> dict[str, Any] | None:
        """Start the run folder, or find the state to go on from: rank 0 reads it for all.

        Raises:
            ValueError: The folder holds another run, or the processes differ.
        """
        check_equal(self.fabric, config)
        found: dict[str, Any] | ValueError | OSError | None = None
        if self.fabric.is_global_zero:
            try:
                found = open_run(self.folder, config, resume)
            except (ValueError, OSError) as error:
                found = error
        found = self.fabric.broadcast(found)
        if isinstance(found, ValueError | OSError):
            raise found
        return found

    def fit_statistics(self) -> None:
        """Estimate the front end's normalisation from the corpus."""
        mean, std = self.fabric.broadcast(
            log_mel_statistics(self.log_mel, self.corpus, self.recipe.run.seed)
        )
        self.log_mel.mean.copy_(mean)
        self.log_mel.std.copy_(std)
        self.log_mel.to(self.fabric.device)

    def run(self) -> None:
        """Do the steps that are left; save the state now and then and at the end.

        Raises:
            FloatingPointError: The loss became NaN or infinite.
            ConnectionError: Another process died.
        """
        steps = self.recipe.run.steps
        self.fabric_module.train()
        # torchrun ends those that are left when one dies, at once if they do not listen.
        told_to_end = threading.Event()
        if world_size() > 1:
            signal.signal(signal.SIGTERM, lambda *_: told_to_end.set())
        started = saved = time.monotonic()
        before = self.seconds
        while self.step < steps:
            try:
                metrics = self.do_step()
            except (RuntimeError, MemoryError) as error:
                if is_out_of_memory(error):
                    raise self.too_large(error) from None
                if isinstance(error, MemoryError) or not (reason := lost_process(error)):
                    raise
                raise self.left(f"lost another one ({reason})") from None
            self.step += 1
            self.seconds = before + time.monotonic() - started
            self.sums += torch.stack(metrics).double()
            self.summed += 1
            if is_logged(self.step, steps):
                self.log()
            if told_to_end.is_set():
                raise self.left("was told to end")
            if time.monotonic() - saved > 60 * self.recipe.run.checkpoint_minutes:
                self.save()
                saved = time.monotonic()
        self.save()

    def save(self) -> None:
        """Write the training state; rank 0 does."""
        if self.fabric.is_global_zero:
            save_state(self.folder, self.state())

    def too_large(self, error: BaseException) -> MemoryError:
        """What to do where a batch does not fit."""
        clips = self.chunk or self.share.size
        return MemoryError(
            f"not enough memory for {clips} clips at once in step {self.step + 1} "
            f"({requested_memory(error)}): encode fewer with --chunk {max(1, clips // 2)}, or take "
            "a larger machine; then resume the run with --resume"
        )

    def left(self, reason: str) -> ConnectionError:
        """Save what is there, and say what happened.

        All collectives of a step come before the optimiser's: the weights are those after the last
        whole step.
        """
        self.save()
        return ConnectionError(
            f"process {self.share.rank} of {self.share.ranks} {reason} after step {self.step}; "
            "start again with --resume"
        )

    def do_step(self) -> Metrics:
        """Draw a batch, and move the weights; returns the joint batch's metrics, on the CPU."""
        return self.move(self.views())

    def views(self) -> Views:
        """This process's share of the step's batch, as the encoder is to see it."""
        recipe = self.recipe
        generator = generator_for(recipe.run.seed, self.step, "augment", self.fabric.device)
        return make_views(
            self.log_mel,
            self.draw(generator),
            recipe.augment,
            recipe.loss.needs_partner,
            generator,
            self.share,
        )

    def move(self, views: Views) -> Metrics:
        """Move the weights down the gradient.

        Only the look at the loss waits for the device, once all gradients are on their way.

        Args:
            views: This process's share.

        Returns:
            Of the joint batch, on the CPU.

        Raises:
            FloatingPointError: The loss or its gradient is NaN or infinite.
        """
        args, run = self.recipe.optimiser, self.recipe.run
        rate = learning_rate(self.step, run.steps, args.learning_rate, args.warmup_share)
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
                    f"the {name} is {value.item()} at step {self.step + 1}; "
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
            metrics, slopes = embedding_gradients(self.fabric, self.module, views, self.chunk)
            backward_through_embeddings(self.fabric, self.fabric_module, views, self.chunk, slopes)
        values = torch.stack([value.detach() for value in metrics])
        return Metrics(*all_reduce_sum(values) / world_size())

    def draw(self, generator: torch.Generator) -> CropBatch:
        """This step's crops, with what is mixed into clips and put behind views."""
        args, sampler = self.recipe.data, self.sampler
        batch = mix_clips(sampler.draw(self.step), sampler, self.step, args.mixture_probability)
        if args.background_probability == 0:
            return batch
        crops = (batch.anchor, batch.positive, batch.partner)
        behind = sampler.backgrounds(self.step, len(crops))
        level = (args.background_probability, args.background_snr_db)
        anchor, positive, partner = (
            add_background(crop, other, *level, generator, self.share)
            for crop, other in zip(crops, behind, strict=True)
        )
        return batch._replace(anchor=anchor, positive=positive, partner=partner)

    @property
    def crops(self) -> int:
        """Crops encoded so far."""
        views = 3 if self.recipe.loss.needs_partner else 2
        return self.step * self.recipe.run.batch_size * views

    def log(self) -> None:
        """Print and keep the means since the last line."""
        means = dict(zip(Metrics._fields, (self.sums / self.summed).tolist(), strict=True))
        speed = self.crops / self.seconds
        self.last_row = {"step": self.step, "seconds": self.seconds, "crops_per_second": speed}
        self.last_row |= means
        if self.fabric.is_global_zero:
            append_metrics(self.folder, self.last_row)
        self.sums.zero_()
        self.summed = 0
        self.console.print(
            progress_line(means, self.step, self.recipe.run.steps, self.seconds, speed)
        )

    def state(self) -> dict[str, Any]:
        """All that the next step depends on; random numbers depend on seed and step alone."""
        return {
            "module": self.module.state_dict(),
            "log_mel": self.log_mel.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "sums": self.sums,
            "summed": self.summed,
            "last_row": self.last_row,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a saved state."""
        self.module.load_state_dict(state["module"])
        self.log_mel.load_state_dict(state["log_mel"])
        self.log_mel.to(self.fabric.device)
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.sums, self.summed = state["sums"], state["summed"]
        self.last_row = state["last_row"]
        if self.fabric.is_global_zero:
            drop_metrics_after(self.folder, self.step)
        self.console.print(f"resuming after step {self.step} of {self.recipe.run.steps}")

    def export(self) -> Path:
        """Write the encoder and its card."""
        path = self.folder / WEIGHTS
        save_checkpoint(path, self.log_mel, self.module.encoder, self.card())
        self.console.print(f"wrote {path}")
        return path

    def card(self) -> dict[str, Any]:
        """What is to be known about the weights."""
        recipe = self.recipe
        return {
            "recipe": recipe.name,
            "read_out": recipe.read_out,
            "data": {
                "clips": len(self.corpus),
                "hours": round(self.corpus.hours, 3),
                "sources": dict(sorted(count_sources(self.corpus.sources).items())),
                "sha256_of_names_and_lengths": self.corpus.fingerprint(),
            },
            "steps": self.step,
            "batch_size": recipe.run.batch_size,
            "crops": self.crops,
            "epochs": round(self.step / self.sampler.batches_per_epoch, 1),
            "seconds": round(self.seconds, 1),
            "seed": recipe.run.seed,
            "date": datetime.now(timezone.utc).date().isoformat(),
            "metrics": {key: round(value, 4) for key, value in self.last_row.items()},
            "settings": {
                key: value
                for key, value in recipe.to_dict().items()
                if key in ("data", "augment", "loss", "optimiser", "run")
            },
            "versions": {
                "msssl_hear": __version__,
                "torch": str(torch.__version__),
                "python": platform.python_version(),
            },
        }


def is_logged(step: int, steps: int) -> bool:
    """Whether a step gets a line: 1, 2, 5, 10, 20, 50, ...; each 50th part of the run; the last."""
    leading = step
    while leading % 10 == 0:
        leading //= 10
    return leading in (1, 2, 5) or step % max(steps // LINES_PER_RUN, 1) == 0 or step == steps


def progress_line(
    means: dict[str, float], step: int, steps: int, seconds: float, crops_per_second: float
) -> str:
    """One line for people; the strategies that are off are left out."""
    parts = [
        f"step {step}/{steps}",
        f"loss {means['loss']:.3f}",
        f"clip {means['clip_loss']:.3f} (right {means['clip_accuracy']:.0%})",
    ]
    if means["frame_loss"]:
        parts.append(f"frame {means['frame_loss']:.3f} (right {means['frame_accuracy']:.0%})")
    if means["pitch_loss"]:
        parts.append(f"pitch {means['pitch_loss']:.3f} (score {means['pitch_score']:.2f})")
    left = seconds / step * (steps - step)
    parts.append(f"{crops_per_second:.0f} crops/s, {left / 60:.1f} min left")
    return "  ".join(parts)


def count_sources(sources: tuple[str, ...]) -> dict[str, int]:
    """Clips per source."""
    return {source: sources.count(source) for source in set(sources)}
