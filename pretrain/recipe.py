"""A recipe: every setting of a pretraining run, with its unit; each part checks itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from msssl_hear.encoder import HOP_FRAMES, EncoderConfig
from msssl_hear.log_frequency import LogFrequencyConfig
from msssl_hear.log_mel import LogMelConfig
from msssl_hear.read_out import ReadOutName
from msssl_hear.read_out_statistics import BlockScales
from pretrain.losses.similarity import SimilarityName
from pretrain.precision import Precision

PitchForm = Literal["regression", "contrast"]
TrunkPart = Literal["all", "trunk"]
BranchPart = Literal["all", "branch"]
FrameNegatives = Literal["clip", "batch"]


@dataclass(frozen=True)
class DataArgs:
    """What is added to the corpus and its clips before views are made.

    Attributes:
        synthetic_clips: Notes, glides, noises and scenes of ``pretrain.data.synthesis`` that
            join the corpus.
        mixture_probability: Share of clips that are a mixture: all three crops get the same second
            clip.
        background_probability: Share of views that get a random other crop behind them, each view
            its own.
        background_snr_db: Least level of a view over its background, dB; uniform from it to 20 dB
            more.
        source_balance: 0: each clip once per epoch. Above: a source of n clips has
            ``n ** (1 - source_balance)`` times the share of a source of one; at 1 all are equal.
    """

    synthetic_clips: int = 0
    mixture_probability: float = 0.0
    background_probability: float = 0.0
    background_snr_db: float = 0.0
    source_balance: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check(self.synthetic_clips >= 0, "synthetic_clips", self.synthetic_clips, "0 or more")
        for name in ("mixture_probability", "background_probability", "source_balance"):
            _check(0 <= getattr(self, name) <= 1, name, getattr(self, name), "between 0 and 1")


@dataclass(frozen=True)
class AugmentArgs:
    """Differences between the views of a clip.

    Attributes:
        noise_sigma: White noise on every view, amplitude (paper: 0.001, on the positive).
        gain_db: Level, uniform within +- this, dB.
        equaliser_db: Smooth random curve over the mel bands, standard deviation of its slowest
            part, dB.
        low_pass_probability: Share of views that are low-passed.
        low_pass_from: Lowest cutoff, share of the mel axis (0.6 of 60-6500 Hz is 2.2 kHz).
        max_shift_semitones: Pitch shift of a view, uniform within +- this; 0 shifts nothing.
    """

    noise_sigma: float = 0.001
    gain_db: float = 6.0
    equaliser_db: float = 4.0
    low_pass_probability: float = 0.5
    low_pass_from: float = 0.6
    max_shift_semitones: float = 3.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("noise_sigma", "gain_db", "equaliser_db", "max_shift_semitones"):
            _check(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        for name in ("low_pass_probability", "low_pass_from"):
            _check(0 <= getattr(self, name) <= 1, name, getattr(self, name), "between 0 and 1")


@dataclass(frozen=True)
class LossArgs:
    """The strategies: ``L = L_clip + frame_weight L_frame + pitch_weight L_pitch + ...``.

    Attributes:
        similarity: Of the clip and the frame loss; each has its own weights.
        temperature: Of the cosine.
        frame_weight: Alpha of the paper; 0 drops the strategy and its view.
        pitch_weight: Beta of the paper; 0 drops the strategy and its view.
        pitch_form: ``regression`` of the shift (the paper's), or ``contrast``: the other view,
            moved along the pitch axis, is the positive at the true shift and a negative elsewhere.
        pitch_moves_semitones: Contrastive form: all moves up to this are answers to choose from, so
            that a salience that repeats every octave is wrong; 0: up to the largest shift.
        instance_weight: Of the instance loss, a frame at its pitch against other pitches and other
            frames; 0 drops it and its view.
        clip_part: Which numbers of a frame the clip loss reads: ``all``, or those of the ``trunk``
            alone and not the pitch branch's.
        frame_part: The same for the frame loss.
        pitch_part: Which numbers the pitch and the instance loss read: ``all``, or those of the
            pitch ``branch`` alone.
        frame_negatives: Frames of the same ``clip``, or of the whole ``batch``.
        frame_positive_radius: Neighbours that count as positives, output frames (40 ms).
        frame_tolerance: Further neighbours that count as nothing, output frames.
        frame_max_offset: Largest start of the second view after the first, output frames.
    """

    similarity: SimilarityName = "cosine"
    temperature: float = 0.1
    frame_weight: float = 0.5
    pitch_weight: float = 1.0
    pitch_form: PitchForm = "regression"
    pitch_moves_semitones: float = 0.0
    instance_weight: float = 0.0
    clip_part: TrunkPart = "all"
    frame_part: TrunkPart = "all"
    pitch_part: BranchPart = "all"
    frame_negatives: FrameNegatives = "clip"
    frame_positive_radius: int = 0
    frame_tolerance: int = 1
    frame_max_offset: int = 8

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check(self.temperature > 0, "temperature", self.temperature, "above 0")
        for name in (
            "frame_weight",
            "pitch_weight",
            "pitch_moves_semitones",
            "instance_weight",
            "frame_positive_radius",
            "frame_tolerance",
            "frame_max_offset",
        ):
            _check(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")

    @property
    def needs_partner(self) -> bool:
        """Whether the anchor is seen a second time."""
        return self.frame_weight > 0 or self.pitch_weight > 0 or self.needs_twin

    @property
    def needs_twin(self) -> bool:
        """Whether the anchor is seen once more at its own pitch."""
        return self.instance_weight > 0

    @property
    def views(self) -> int:
        """Crops of a clip that are encoded."""
        return 2 + self.needs_partner + self.needs_twin

    @property
    def parts(self) -> set[str]:
        """Parts of a frame that some loss reads."""
        parts: set[str] = {self.clip_part}
        if self.frame_weight > 0:
            parts.add(self.frame_part)
        if self.pitch_weight > 0 or self.instance_weight > 0:
            parts.add(self.pitch_part)
        return parts


@dataclass(frozen=True)
class OptimiserArgs:
    """AdamW, linear warm-up, cosine decay to 0.

    Attributes:
        learning_rate: Its peak.
        weight_decay: Of matrices and kernels; norms and biases have none.
        warmup_share: Share of the steps.
        max_gradient_norm: Longer gradients are scaled down to it.
    """

    learning_rate: float = 5e-4
    weight_decay: float = 0.01
    warmup_share: float = 0.05
    max_gradient_norm: float = 5.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        _check(self.weight_decay >= 0, "weight_decay", self.weight_decay, "0 or more")
        _check(0 <= self.warmup_share < 1, "warmup_share", self.warmup_share, "in [0, 1)")
        _check(self.max_gradient_norm > 0, "max_gradient_norm", self.max_gradient_norm, "above 0")


@dataclass(frozen=True)
class RunArgs:
    """How long and how.

    Attributes:
        steps: Optimiser steps.
        batch_size: Clips per step.
        crop_frames: Log-mel frames per crop (10 ms each; paper: 96 = 0.96 s).
        seed: Of weights, crops and augmentation.
        precision: ``32-true`` (on CUDA with TF32 products), ``32-ieee`` (without), ``bf16-mixed``
            or ``16-mixed``.
        checkpoint_minutes: Between two training states on disk.
    """

    steps: int = 4000
    batch_size: int = 64
    crop_frames: int = 96
    seed: int = 0
    precision: Precision = "32-true"
    checkpoint_minutes: float = 5.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check(self.steps >= 1, "steps", self.steps, "1 or more")
        _check(self.batch_size >= 2, "batch_size", self.batch_size, "2 or more: clips are compared")
        _check(self.crop_frames >= 8, "crop_frames", self.crop_frames, "8 or more")
        _check(0 <= self.seed < 2**63, "seed", self.seed, "from 0 to 2**63 - 1")
        _check(
            self.checkpoint_minutes > 0, "checkpoint_minutes", self.checkpoint_minutes, "above 0"
        )


@dataclass(frozen=True)
class Recipe:
    """All settings of a run; a YAML file has one section per attribute.

    ``read_out`` is how the trained encoder's frames become embeddings, and ``read_out_scales`` are
    those of the read-out ``scaled``; training does not depend on them.
    """

    name: str
    log_mel: LogMelConfig = field(default_factory=LogMelConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    read_out: ReadOutName = "full"
    read_out_scales: BlockScales = field(default_factory=BlockScales)
    data: DataArgs = field(default_factory=DataArgs)
    augment: AugmentArgs = field(default_factory=AugmentArgs)
    loss: LossArgs = field(default_factory=LossArgs)
    optimiser: OptimiserArgs = field(default_factory=OptimiserArgs)
    run: RunArgs = field(default_factory=RunArgs)

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        for name in ("pitch_weight", "instance_weight"):
            if getattr(self.loss, name) > 0 and self.augment.max_shift_semitones == 0:
                raise ValueError(
                    f"loss.{name} is above 0, but augment.max_shift_semitones is 0: there is no "
                    "shift to learn; set one of them"
                )
        for name in ("clip_part", "frame_part", "pitch_part"):
            if (part := getattr(self.loss, name)) != "all" and self.encoder.pitch_numbers == 0:
                raise ValueError(
                    f"loss.{name} is {part}, but encoder.pitch_numbers is 0: there is no pitch "
                    "branch; set one of them"
                )
        rate, hop = self.log_mel.sample_rate, self.log_mel.hop_length
        needed = {"encoder.pitch_numbers": self.encoder.pitch_numbers > 0}
        needed["read_out scaled"] = self.read_out == "scaled"
        for name, is_needed in needed.items():
            if is_needed and not fits_second_front_end(self.log_mel):
                raise ValueError(
                    f"{name} needs the second front end, 16000 Hz with a hop of 4 times 160, but "
                    f"log_mel has {rate} Hz and a hop of {hop} samples; set these"
                )
        if self.log_mel.n_mels != self.encoder.n_mels:
            raise ValueError(
                f"log_mel.n_mels {self.log_mel.n_mels} and encoder.n_mels {self.encoder.n_mels} "
                "must be equal"
            )

    def to_dict(self) -> dict[str, Any]:
        """Nested dictionaries, as in the YAML file."""
        return asdict(self)


def fits_second_front_end(log_mel: LogMelConfig) -> bool:
    """Whether the frames of both front ends lie at the same times."""
    second = LogFrequencyConfig()
    wanted = second.sample_rate, second.hop_length
    return (log_mel.sample_rate, HOP_FRAMES * log_mel.hop_length) == wanted


def _check(fine: bool, name: str, value: object, wanted: str) -> None:
    if not fine:
        raise ValueError(f"{name} is {value}; it must be {wanted}")
