"""The encoder, the heads of the strategies, and the sum of their losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from msssl_hear.encoder import Encoder
from pretrain.distributed.gather import all_reduce_sum, gather_rows, rank, world_size
from pretrain.heads import (
    SALIENCE_BINS_PER_SEMITONE,
    ClipHead,
    FrameHead,
    HiddenLayerHead,
    make_pitch_head,
)
from pretrain.losses.clip_loss import clip_loss
from pretrain.losses.frame_loss import FrameLoss, frame_loss, other_clips
from pretrain.losses.frame_negatives import OtherFrames, other_frames
from pretrain.losses.instance_loss import instance_loss
from pretrain.losses.pitch_contrast_loss import pitch_contrast_loss
from pretrain.losses.pitch_loss import PitchLoss, pitch_loss
from pretrain.losses.similarity import make_similarity
from pretrain.recipe import Recipe
from pretrain.views.views import Views, encoder_lengths

INSTANCE_SIZE = 128
"""Numbers that the instance loss compares."""


class Metrics(NamedTuple):
    """Scalars of one step. Those of a strategy that is off are 0.

    In several processes, their mean over the processes is the joint batch's value, and so is the
    mean of their gradients, which DDP takes.

    Attributes:
        loss: The sum that is minimised.
        clip_loss: Nats; chance is log(batch).
        clip_accuracy: Share of clips told from the rest of the batch.
        frame_loss: Nats; chance is about log(frames).
        frame_accuracy: Share of frames found in the other view.
        pitch_loss: Squared error, units of the largest shift squared; or nats, for the contrastive
            form.
        pitch_score: Explained share of the squared shift; or share of frames whose shift is found
            to the bin, for the contrastive form.
        instance_loss: Nats; chance is about the logarithm of the frames of the batch.
        instance_accuracy: Share of frames found at their own pitch, among all.
    """

    loss: Tensor
    clip_loss: Tensor
    clip_accuracy: Tensor
    frame_loss: Tensor
    frame_accuracy: Tensor
    pitch_loss: Tensor
    pitch_score: Tensor
    instance_loss: Tensor
    instance_accuracy: Tensor


class Embeddings(NamedTuple):
    """What the losses compare; None for strategies that are off.

    Attributes:
        clip_anchor: Clip head's z, shape (B, head size).
        clip_positive: Same.
        frame_anchor: Frame head's z, shape (B, frames, head size).
        frame_partner: Same.
        pitch_anchor: Pitch head's numbers, shape (B, frames), or salience, (B, frames, bins).
        pitch_partner: Same.
        instance_anchor: Instance head's numbers, shape (B, frames, INSTANCE_SIZE).
        instance_twin: Same.
        instance_partner: Same.
    """

    clip_anchor: Tensor
    clip_positive: Tensor
    frame_anchor: Tensor | None = None
    frame_partner: Tensor | None = None
    pitch_anchor: Tensor | None = None
    pitch_partner: Tensor | None = None
    instance_anchor: Tensor | None = None
    instance_twin: Tensor | None = None
    instance_partner: Tensor | None = None


class SamplingStrategies(nn.Module):
    """All that is trained: encoder, heads, similarities.

    Heads of the paper's strategies that are off exist too, so that equal seeds draw equal weights
    for every recipe. What no loss reads has no gradients, for which DDP would wait, and is left as
    it is.
    """

    def __init__(self, recipe: Recipe, head_size: int = 512) -> None:
        """Draw the weights.

        Args:
            recipe: Sizes, losses and their weights.
            head_size: Width of the clip and frame heads (paper: 512).
        """
        super().__init__()
        size, branch = recipe.encoder.size, recipe.encoder.pitch_numbers
        self.args = args = recipe.loss
        trunk = size - branch
        self.parts = {"all": slice(size), "trunk": slice(trunk), "branch": slice(trunk, size)}
        sizes = {"all": size, "trunk": trunk, "branch": branch}
        self.max_shift = recipe.augment.max_shift_semitones
        # Two views may each be shifted, one up and one down.
        self.max_move = max(2 * self.max_shift, args.pitch_moves_semitones)
        self.encoder = Encoder(recipe.encoder)
        self.clip_head = ClipHead(sizes[args.clip_part], head_size)
        self.frame_head = FrameHead(sizes[args.frame_part], head_size)
        self.clip_similarity = make_similarity(args.similarity, head_size, args.temperature)
        self.frame_similarity = make_similarity(args.similarity, head_size, args.temperature)
        # Drawn last, because its size differs.
        heard = sizes[args.pitch_part]
        self.pitch_head = make_pitch_head(args.pitch_form, heard, args.pitch_part == "branch")
        self.instance_head: HiddenLayerHead | None = None
        if args.instance_weight > 0:
            self.instance_head = HiddenLayerHead(heard, INSTANCE_SIZE)
        self._freeze_what_no_loss_reads()

    def _freeze_what_no_loss_reads(self) -> None:
        if self.args.frame_weight == 0:
            self.frame_head.requires_grad_(False)
            self.frame_similarity.requires_grad_(False)
        if self.args.pitch_weight == 0:
            self.pitch_head.requires_grad_(False)
        if self.encoder.pitch_branch is not None and self.args.parts == {"trunk"}:
            self.encoder.pitch_branch.requires_grad_(False)

    def forward(self, views: Views) -> Metrics:
        """Losses of a batch, or of this process's share of it."""
        return self.losses(self.embed(views), views)

    def embed(self, views: Views) -> Embeddings:
        """Encoder and heads; each clip on its own, whatever else is in the batch."""
        kinds, batch, frames, _ = views.log_mel.shape
        # A batch without short clips goes without masks, which is faster and the same; but to ask
        # a GPU would be to wait for it.
        padded = not views.lengths.is_cpu or bool((views.lengths < frames).any())
        encoded = self.encoder(
            views.log_mel.flatten(0, 1),
            views.lengths.repeat(kinds) if padded else None,
            None if views.contrast is None else views.contrast.flatten(0, 1),
        ).unflatten(0, (kinds, batch))
        args, lengths = self.args, encoder_lengths(views.lengths)
        of_clips = encoded[..., self.parts[args.clip_part]]
        of_frames = encoded[..., self.parts[args.frame_part]]
        found = {
            "clip_anchor": self.clip_head(of_clips[0], lengths),
            "clip_positive": self.clip_head(of_clips[1], lengths),
        }
        if args.frame_weight > 0:
            found["frame_anchor"] = self.frame_head(of_frames[0])
            found["frame_partner"] = self.frame_head(of_frames[2])
        if args.pitch_weight > 0:
            found["pitch_anchor"] = self.hear_pitch(encoded[0])
            found["pitch_partner"] = self.hear_pitch(encoded[2])
        if self.instance_head is not None:
            of_pitch = encoded[..., self.parts[args.pitch_part]]
            found["instance_anchor"] = self.instance_head(of_pitch[0])
            found["instance_partner"] = self.instance_head(of_pitch[2])
            found["instance_twin"] = self.instance_head(of_pitch[3])
        return Embeddings(**found)

    def hear_pitch(self, encoded: Tensor) -> Tensor:
        """The pitch head's answer to frame embeddings: (..., size) to (...) or (..., bins)."""
        answer: Tensor = self.pitch_head(encoded[..., self.parts[self.args.pitch_part]])
        return answer

    def losses(self, embeddings: Embeddings, views: Views) -> Metrics:
        """Losses of embeddings, against those of all processes.

        Args:
            embeddings: Of this process's clips.
            views: The same clips; their spectra do not matter.
        """
        lengths = encoder_lengths(views.lengths)
        positives = gather_rows(embeddings.clip_positive)
        first = rank() * len(lengths)
        clip = clip_loss(self.clip_similarity(embeddings.clip_anchor, positives), first)
        zero = torch.zeros((), device=clip.loss.device)
        frame_parts = pitch_parts = instance_parts = (zero, zero)
        if embeddings.frame_anchor is not None and embeddings.frame_partner is not None:
            frame_parts = self._frame_loss(
                embeddings.frame_anchor, embeddings.frame_partner, views, lengths
            )
        if embeddings.pitch_anchor is not None and embeddings.pitch_partner is not None:
            pitch_parts = self._pitch_loss(
                embeddings.pitch_anchor, embeddings.pitch_partner, views, lengths
            )
        loss = (
            clip.loss
            + self.args.frame_weight * frame_parts[0]
            + self.args.pitch_weight * pitch_parts[0]
        )
        if embeddings.instance_anchor is not None:
            instance_parts = self._instance_loss(embeddings, views, lengths)
            loss = loss + self.args.instance_weight * instance_parts[0]
        return Metrics(loss, clip.loss, clip.accuracy, *frame_parts, *pitch_parts, *instance_parts)

    def similarity_weights(self) -> list[nn.Parameter]:
        """What the losses depend on beside embeddings: nothing for the cosine."""
        both = [*self.clip_similarity.parameters(), *self.frame_similarity.parameters()]
        return [weight for weight in both if weight.requires_grad]

    def surrogate_loss(
        self,
        views: Views,
        gradients: Sequence[Tensor | None],
        weight_gradients: Sequence[Tensor | None],
    ) -> Tensor:
        """A scalar whose gradient is the loss's, where that of the embeddings is known already.

        Args:
            views: Some clips of the batch.
            gradients: Of the loss with respect to each of their embeddings.
            weight_gradients: With respect to the similarities' weights, or empty.

        Returns:
            ``sum(gradient * embedding) + sum(gradient * weight)``.
        """
        pairs = [*zip(self.embed(views), gradients, strict=True)]
        pairs += zip(self.similarity_weights(), weight_gradients, strict=False)
        terms = [(x * grad).sum() for x, grad in pairs if x is not None and grad is not None]
        return torch.stack(terms).sum()

    def _frame_loss(
        self, queries: Tensor, keys: Tensor, views: Views, lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        others: Tensor | OtherFrames | None = None
        if self.args.frame_negatives == "clip":
            logits = self.frame_similarity(queries, keys)
        elif not queries.is_cpu:  # the same but for rounding, in less memory traffic
            logits = self.frame_similarity(queries, keys)
            joint = gather_rows(keys)
            factors = self.frame_similarity.factors(queries, joint)
            others = other_frames(*factors, gather_rows(lengths), rank() * len(lengths))
        else:
            keys = gather_rows(keys)
            pairs = self.frame_similarity(queries.flatten(0, 1), keys.flatten(0, 1))
            pairs = pairs.view(*queries.shape[:2], *keys.shape[:2])
            logits, others = other_clips(pairs, gather_rows(lengths), rank() * len(lengths))
        found = frame_loss(
            logits,
            lengths,
            lengths,
            views.offsets,
            self.args.frame_positive_radius,
            self.args.frame_tolerance,
            others,
        )
        return over_processes(found)

    def _pitch_loss(
        self, anchor: Tensor, partner: Tensor, views: Views, lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Of the pitch head's numbers, (batch, frames), or of salience, (batch, frames, bins)."""
        where = (lengths, lengths, views.offsets)
        if self.args.pitch_form == "contrast":
            found = pitch_contrast_loss(
                anchor,
                partner,
                *where,
                (views.shifts * SALIENCE_BINS_PER_SEMITONE).round().long(),
                round(self.max_move * SALIENCE_BINS_PER_SEMITONE),
                self.args.temperature,
            )
            return over_processes(found)
        errors, variation, frames = pitch_loss(
            anchor, partner, *where, views.shifts, self.max_shift
        )
        summed = PitchLoss(errors * world_size(), all_reduce_sum(variation), all_reduce_sum(frames))
        return summed.loss, summed.r2

    def _instance_loss(
        self, embeddings: Embeddings, views: Views, lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        anchor, twin = embeddings.instance_anchor, embeddings.instance_twin
        partner = embeddings.instance_partner
        assert anchor is not None and twin is not None and partner is not None
        found = instance_loss(
            anchor,
            gather_rows(twin),
            partner,
            lengths,
            gather_rows(lengths),
            views.offsets,
            (views.shifts * SALIENCE_BINS_PER_SEMITONE).round() != 0,
            self.args.temperature,
            rank() * len(lengths),
        )
        return over_processes(found)


def over_processes(found: FrameLoss) -> tuple[Tensor, Tensor]:
    """Loss and accuracy of this process's frames, so that their mean over processes is the batch's.

    Sums of one process are taken times the number of processes, over the frames of all.
    """
    total, solved, frames = found
    joint = FrameLoss(total * world_size(), solved * world_size(), all_reduce_sum(frames))
    return joint.loss, joint.accuracy
