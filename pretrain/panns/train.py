"""The PANNs recipe (Kong et al. 2020) on our audio: the stand-in of ``benchmark.baselines.panns``.

A Cnn6 learns the clips' source tags, with mixup, SpecAugment and binary cross-entropy, on the very
crops that the recipe ``cola`` draws with the same seed from the same clips (less those held out).
As in the authors' code, a batch of 2 n clips is mixed into n.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from sklearn.metrics import average_precision_score
from torch import Tensor
from torch.nn import functional

from benchmark.baselines.panns.checkpoints import save_weights
from benchmark.baselines.panns.cnn import CNN6_16K, Panns
from benchmark.baselines.panns.frames import clip_cells
from pretrain.card import corpus_facts, time_facts, versions
from pretrain.data.corpus import Corpus, to_float
from pretrain.data.crops import CropSampler
from pretrain.data.open import read_data
from pretrain.data.seeds import generator_for
from pretrain.loop import Loop, Progress
from pretrain.panns.augment import mixup, mixup_shares, spec_augment
from pretrain.panns.data import one_hot, split_corpus
from pretrain.recipe_files import find_recipe, read_recipe

LEARNING_RATE = 1e-3  # constant (the authors' code)
ADAM_BETAS = (0.9, 0.999)  # the authors' code, with AMSGrad


@dataclass(frozen=True)
class PannsArgs:
    """Size of a run.

    Attributes:
        steps: Optimiser steps.
        batch_size: Clips drawn per step; half as many mixtures are learnt from.
        crop_frames: Log-mel frames per crop, 10 ms each.
        seed: Of weights, crops and augmentation.
        checkpoint_minutes: Between two training states on disk.
    """

    steps: int
    batch_size: int
    crop_frames: int
    seed: int
    checkpoint_minutes: float

    def __post_init__(self) -> None:
        """Check that clips can be paired."""
        if self.batch_size % 2:
            raise ValueError(f"batch_size is {self.batch_size}; it must be even: mixup pairs clips")


def run(
    data: Path,
    out: Path,
    steps: int | None,
    batch_size: int | None,
    seed: int,
    device: str,
    resume: bool,
) -> None:
    """Train the stand-in and write ``out/weights.safetensors`` with its card.

    Args:
        data: Folder of audio or shards; its sources (manifest.csv, or first-level folders) are the
            labels.
        out: Run folder.
        steps: Optimiser steps; None for those of the recipe cola: the same budget.
        batch_size: Clips drawn per step; None for that of the recipe cola.
        seed: Of weights, crops and augmentation.
        device: Lightning Fabric's accelerator: ``cpu``, ``cuda``, ``mps`` or ``auto``.
        resume: Resume the run in ``out``.

    Raises:
        ValueError: The audio has one source only, or settings do not fit it or the run folder.
    """
    cola = read_recipe(find_recipe("cola")).run
    args = PannsArgs(
        steps=cola.steps if steps is None else steps,
        batch_size=cola.batch_size if batch_size is None else batch_size,
        crop_frames=cola.crop_frames,
        seed=seed,
        checkpoint_minutes=cola.checkpoint_minutes,
    )
    corpus = read_data(data, CNN6_16K.log_mel.sample_rate)
    training = PannsTraining(args, corpus, device)
    loop = Loop(training, out, args.steps, args.checkpoint_minutes)
    config = {"name": "panns", "run": asdict(args), "corpus": corpus_facts(corpus)}
    state = loop.open(config, resume)
    if state is not None:
        loop.restore(with_sums(state))
    loop.run()
    loop.export()


def with_sums(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """A training state; those of runs begun before the common loop name the sums otherwise."""
    if "loss_sum" not in state:
        return state
    sums = torch.tensor([state["loss_sum"]], dtype=torch.float64)
    return {**state, "sums": sums, "summed": state["loss_count"], "last_row": {}}


class PannsTraining:
    """Network and optimiser; the `pretrain.loop.Loop` runs its steps.

    Attributes:
        classes: Source tags, sorted: the classes.
    """

    metric_names = ("loss",)

    def __init__(self, args: PannsArgs, corpus: Corpus, device: str) -> None:
        """Draw the weights from the seed.

        Args:
            args: Size of the run.
            corpus: Audio at 16 kHz.
            device: Lightning Fabric's accelerator.

        Raises:
            ValueError: The corpus has one source only.
        """
        self.args = args
        self.classes = tuple(sorted(set(corpus.sources)))
        if len(self.classes) < 2:
            raise ValueError(
                f"all clips have the source {self.classes[0]!r}: there is nothing to tell apart; "
                "put each kind of audio into a folder of its own, or write a manifest.csv"
            )
        # bf16 convolutions: 33 against 18 crops/s on a core with AVX-512 bf16.
        self.fabric = Fabric(accelerator=device, devices=1, precision="bf16-mixed")
        self.corpus, self.held_out = split_corpus(corpus)
        torch.manual_seed(args.seed)
        self.model = Panns(CNN6_16K, len(self.classes)).to(self.fabric.device)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.Adam(
            self.model.parameters(), LEARNING_RATE, ADAM_BETAS, amsgrad=True
        )
        self.sampler = CropSampler(
            self.corpus,
            args.batch_size,
            crop_samples=args.crop_frames * CNN6_16K.log_mel.hop,
            grid=1,
            max_offset=0,
            seed=args.seed,
            device=self.fabric.device,
        )
        self.targets = one_hot(self.corpus.sources, self.classes).to(self.fabric.device)

    @property
    def crops_per_step(self) -> int:
        """Crops drawn in a step."""
        return self.args.batch_size

    def do_step(self, step: int) -> tuple[Tensor]:
        """Draw the batch of a step (0, 1, ...), and move the weights.

        Returns:
            Binary cross-entropy, mean over mixtures and classes, on the CPU.

        Raises:
            FloatingPointError: It is NaN or infinite.
        """
        batch = self.sampler.draw(step)
        generator = generator_for(self.args.seed, step, "augment", self.fabric.device)
        # Dropout takes no generator: seeded per step, so that a resumed run is the same run.
        torch.manual_seed(generator.initial_seed())
        log_mel = self.model.log_mel_of_padded(self.model.pad(batch.anchor))
        shares = mixup_shares(len(log_mel) // 2, generator)
        mixed = mixup(spec_augment(self.model.normalise(log_mel), generator), shares)
        with self.fabric.autocast():
            logits = self.model.classify(self.model.embed(self.model.convolve(mixed)))
        targets = mixup(self.targets[batch.clips.to(self.targets.device)], shares)
        loss = functional.binary_cross_entropy_with_logits(logits.float(), targets)
        if not bool(loss.isfinite()):
            raise FloatingPointError(
                f"the loss is {loss.item()} at step {step + 1}; "
                "the state before it is kept: start again with another seed"
            )
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return (loss.detach().cpu(),)

    def settle(self) -> None:
        """Each step has been waited for."""

    def describe(self, means: Mapping[str, float]) -> list[str]:
        """The mean loss for people."""
        return [f"loss {means['loss']:.4f}"]

    def state(self) -> dict[str, Any]:
        """Weights and optimiser."""
        return {"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a saved state."""
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])

    def export(self, path: Path, progress: Progress) -> None:
        """Write the weights in half precision, with their card."""
        save_weights(path, self.model.eval(), self.card(progress))

    def card(self, progress: Progress) -> dict[str, Any]:
        """How the weights were made."""
        crop_seconds = self.args.crop_frames / 100
        crops = progress.step * self.crops_per_step
        return {
            "recipe": "panns",
            "note": (
                f"{len(self.corpus)} clips of our pretraining audio, their {len(self.classes)} "
                f"source tags as labels ({progress.step} steps of {self.args.batch_size} crops of "
                f"{crop_seconds} s)"
            ),
            "data": {**corpus_facts(self.corpus), "held_out_clips": len(self.held_out)},
            "classes": list(self.classes),
            "steps": progress.step,
            "batch_size": self.args.batch_size,
            "crops": crops,
            "mixtures": crops // 2,
            **time_facts(progress, self.sampler.batches_per_epoch, self.args.seed),
            "metrics": {"held_out_mean_average_precision": self.held_out_precision()},
            "versions": versions(),
        }

    def held_out_precision(self) -> float | None:
        """Mean over classes of the average precision on whole clips; None without such clips."""
        if not len(self.held_out):
            return None
        targets = one_hot(self.held_out.sources, self.classes).numpy()
        scores = torch.stack([self._scores(self.held_out.clip(i)) for i in range(len(targets))])
        present = targets.any(axis=0)
        precision = average_precision_score(targets[:, present], scores.numpy()[:, present])
        return round(float(precision), 4)

    def _scores(self, samples: Tensor) -> Tensor:
        """Logits of a whole clip, shape (classes,)."""
        audio = to_float(samples)[None].to(self.fabric.device)
        with torch.no_grad():
            return self.model.classify(self.model.embed(clip_cells(self.model, audio)))[0].cpu()
