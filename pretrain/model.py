"""The encoder, the heads of the three strategies, and the sum of their losses.

The heads are dropped after pretraining. Their shapes are those of the paper (docs/paper.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from msssl_hear.encoder import Encoder
from pretrain.distributed.gather import all_reduce_sum, gather_rows, rank, world_size
from pretrain.losses.clip_loss import clip_loss
from pretrain.losses.frame_loss import FrameLoss, frame_loss, other_clips
from pretrain.losses.pitch_contrast_loss import pitch_contrast_loss
from pretrain.losses.pitch_loss import PitchLoss, pitch_loss
from pretrain.losses.similarity import make_similarity
from pretrain.recipe import Recipe
from pretrain.views.views import Views, encoder_lengths

BINS_PER_SEMITONE = 3
SALIENCE_BINS = 264
"""Of the contrastive form's pitch axis: the 88 notes of a piano, three bins each."""


class ClipHead(nn.Module):
    """``z = W2 tanh(LayerNorm(max_t h))``, without bias."""

    def __init__(self, size: int, out_size: int = 512) -> None:
        """Build the layers.

        Args:
            size: Length of a frame embedding.
            out_size: Length of z (paper: 512).
        """
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.linear = nn.Linear(size, out_size, bias=False)

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Project clips.

        Args:
            frames: Frame embeddings h, shape (batch, frames, size).
            lengths: Valid frames, int64, shape (batch,).

        Returns:
            Shape (batch, out_size).
        """
        z: Tensor = self.linear(torch.tanh(self.norm(max_over_time(frames, lengths))))
        return z


class FrameHead(nn.Module):
    """``z_t = W tanh(LayerNorm(h_t)) + b``: 512 wide for the frame loss, 1 wide for pitch."""

    def __init__(self, size: int, out_size: int = 512) -> None:
        """Build the layers.

        Args:
            size: Length of a frame embedding.
            out_size: Length of z_t.
        """
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.linear = nn.Linear(size, out_size)

    def forward(self, frames: Tensor) -> Tensor:
        """Project frames: (batch, frames, size) to (batch, frames, out_size)."""
        z: Tensor = self.linear(torch.tanh(self.norm(frames)))
        return z


class SalienceHead(FrameHead):
    """The pitch head of the contrastive form: logits of pitch on an axis of its own.

    The loss alone makes it an axis: sounds that differ by a semitone must give the same salience
    ``BINS_PER_SEMITONE`` bins apart.
    """

    def __init__(self, size: int) -> None:
        """Build the layers.

        Args:
            size: Length of a frame embedding.
        """
        super().__init__(size, SALIENCE_BINS)


class PitchHead(FrameHead):
    """``p_t = w tanh(LayerNorm(h_t)) + b``: one number per frame, in units of the largest shift."""

    def __init__(self, size: int) -> None:
        """Build the layers.

        Args:
            size: Length of a frame embedding.
        """
        super().__init__(size, out_size=1)

    def forward(self, frames: Tensor) -> Tensor:
        """Read the pitch: (batch, frames, size) to (batch, frames)."""
        return super().forward(frames).squeeze(-1)


def max_over_time(frames: Tensor, lengths: Tensor) -> Tensor:
    """Largest value of each channel over a clip's valid frames.

    Args:
        frames: Shape (batch, frames, size).
        lengths: Valid frames, at least 1, int64, shape (batch,).

    Returns:
        Shape (batch, size).
    """
    padding = torch.arange(frames.shape[1], device=frames.device) >= lengths[:, None]
    return frames.masked_fill(padding[:, :, None], torch.finfo(frames.dtype).min).amax(dim=1)


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
    """

    loss: Tensor
    clip_loss: Tensor
    clip_accuracy: Tensor
    frame_loss: Tensor
    frame_accuracy: Tensor
    pitch_loss: Tensor
    pitch_score: Tensor


class Embeddings(NamedTuple):
    """What the losses compare; None for strategies that are off.

    Attributes:
        clip_anchor: Clip head's z, shape (B, head size).
        clip_positive: Same.
        frame_anchor: Frame head's z, shape (B, frames, head size).
        frame_partner: Same.
        pitch_anchor: Pitch head's numbers, shape (B, frames), or salience, (B, frames, bins).
        pitch_partner: Same.
    """

    clip_anchor: Tensor
    clip_positive: Tensor
    frame_anchor: Tensor | None = None
    frame_partner: Tensor | None = None
    pitch_anchor: Tensor | None = None
    pitch_partner: Tensor | None = None


class SamplingStrategies(nn.Module):
    """All that is trained: encoder, heads, similarities.

    Heads of strategies that are off exist too, so that equal seeds draw equal weights for every
    recipe; they have no gradients, for which DDP would wait, and are left as they are.
    """

    def __init__(self, recipe: Recipe, head_size: int = 512) -> None:
        """Draw the weights.

        Args:
            recipe: Sizes, losses and their weights.
            head_size: Width of the clip and frame heads (paper: 512).
        """
        super().__init__()
        size = recipe.encoder.size
        self.args = args = recipe.loss
        self.max_shift = recipe.augment.max_shift_semitones
        self.encoder = Encoder(recipe.encoder)
        self.clip_head = ClipHead(size, head_size)
        self.frame_head = FrameHead(size, head_size)
        self.clip_similarity = make_similarity(args.similarity, head_size, args.temperature)
        self.frame_similarity = make_similarity(args.similarity, head_size, args.temperature)
        # Drawn last, because its size differs.
        self.pitch_head = (PitchHead if args.pitch_form == "regression" else SalienceHead)(size)
        if args.frame_weight == 0:
            self.frame_head.requires_grad_(False)
            self.frame_similarity.requires_grad_(False)
        if args.pitch_weight == 0:
            self.pitch_head.requires_grad_(False)

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
            views.log_mel.flatten(0, 1), views.lengths.repeat(kinds) if padded else None
        ).unflatten(0, (kinds, batch))
        lengths = encoder_lengths(views.lengths)
        anchor, positive = encoded[0], encoded[1]
        clips = self.clip_head(anchor, lengths), self.clip_head(positive, lengths)
        framewise: tuple[Tensor | None, Tensor | None] = (None, None)
        pitches: tuple[Tensor | None, Tensor | None] = (None, None)
        if self.args.frame_weight > 0:
            framewise = self.frame_head(anchor), self.frame_head(encoded[2])
        if self.args.pitch_weight > 0:
            pitches = self.pitch_head(anchor), self.pitch_head(encoded[2])
        return Embeddings(*clips, *framewise, *pitches)

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
        frame_parts = pitch_parts = (zero, zero)
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
        return Metrics(loss, clip.loss, clip.accuracy, *frame_parts, *pitch_parts)

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
        others = None
        if self.args.frame_negatives == "clip":
            logits = self.frame_similarity(queries, keys)
        else:
            keys = gather_rows(keys)
            pairs = self.frame_similarity(queries.flatten(0, 1), keys.flatten(0, 1))
            pairs = pairs.view(*queries.shape[:2], *keys.shape[:2])
            logits, others = other_clips(pairs, gather_rows(lengths), rank() * len(lengths))
        total, solved, frames = frame_loss(
            logits,
            lengths,
            lengths,
            views.offsets,
            self.args.frame_positive_radius,
            self.args.frame_tolerance,
            others,
        )
        joint = FrameLoss(total * world_size(), solved * world_size(), all_reduce_sum(frames))
        return joint.loss, joint.accuracy

    def _pitch_loss(
        self, anchor: Tensor, partner: Tensor, views: Views, lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Of the pitch head's numbers, (batch, frames), or of salience, (batch, frames, bins)."""
        where = (lengths, lengths, views.offsets)
        if self.args.pitch_form == "contrast":
            total, solved, frames = pitch_contrast_loss(
                anchor,
                partner,
                *where,
                (views.shifts * BINS_PER_SEMITONE).round().long(),
                round(2 * self.max_shift * BINS_PER_SEMITONE),
                self.args.temperature,
            )
            joint = FrameLoss(total * world_size(), solved * world_size(), all_reduce_sum(frames))
            return joint.loss, joint.accuracy
        errors, variation, frames = pitch_loss(
            anchor, partner, *where, views.shifts, self.max_shift
        )
        summed = PitchLoss(errors * world_size(), all_reduce_sum(variation), all_reduce_sum(frames))
        return summed.loss, summed.r2
