"""Encoder and heads under the three losses."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from msssl_hear.encoder import Encoder
from pretrain.args import Recipe
from pretrain.heads import ClipHead, FrameHead, PitchHead, expected_pitch
from pretrain.losses.clip_loss import clip_loss
from pretrain.losses.frame_loss import frame_loss, other_clips
from pretrain.losses.pitch_loss import pitch_loss
from pretrain.losses.shift_contrast_loss import shift_contrast_loss
from pretrain.losses.similarity import make_similarity
from pretrain.views import Views, encoder_lengths


class Metrics(NamedTuple):
    """Scalars of one step. Those of a strategy that is off are 0.

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


class SamplingStrategies(nn.Module):
    """All that is trained: encoder, heads, similarities.

    Heads of strategies that are off exist too, so that equal seeds draw equal weights for every
    recipe; without gradients they are left as they are.
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
        axis = recipe.log_frequency
        self.bins_per_semitone = None if axis is None else axis.bins_per_semitone
        self.encoder = Encoder(recipe.encoder, recipe.log_frequency)
        self.clip_head = ClipHead(size, head_size)
        self.frame_head = FrameHead(size, head_size)
        self.pitch_head = PitchHead(size)
        self.clip_similarity = make_similarity(args.similarity, head_size, args.temperature)
        self.frame_similarity = make_similarity(args.similarity, head_size, args.temperature)

    def forward(self, views: Views) -> Metrics:
        """Losses of a batch."""
        kinds, batch, frames, _ = views.log_mel.shape
        # A batch without short clips goes without masks, which is faster and the same.
        padded = bool((views.lengths < frames).any())
        tonal = None
        if views.log_frequency is not None:
            tonal = self.encoder.tonal(views.log_frequency.flatten(0, 1))
        encoded = self.encoder(
            views.log_mel.flatten(0, 1), views.lengths.repeat(kinds) if padded else None, tonal
        ).unflatten(0, (kinds, batch))
        lengths = encoder_lengths(views.lengths)
        anchor, positive = encoded[0], encoded[1]
        clip = clip_loss(
            self.clip_similarity(self.clip_head(anchor, lengths), self.clip_head(positive, lengths))
        )
        zero = torch.zeros((), device=clip.loss.device)
        frame_parts = pitch_parts = (zero, zero)
        if self.args.frame_weight > 0:
            frame_parts = self._frame_loss(anchor, encoded[2], views, lengths)
        if self.args.pitch_weight > 0:
            if tonal is None:
                pitches = self.pitch_head(anchor), self.pitch_head(encoded[2])
            else:
                salience = tonal.salience.view(kinds, batch, *tonal.salience.shape[1:])
                pitches = salience[0], salience[2]
            pitch_parts = self._pitch_loss(*pitches, views, lengths)
        loss = (
            clip.loss
            + self.args.frame_weight * frame_parts[0]
            + self.args.pitch_weight * pitch_parts[0]
        )
        return Metrics(loss, clip.loss, clip.accuracy, *frame_parts, *pitch_parts)

    def _frame_loss(
        self, anchor: Tensor, partner: Tensor, views: Views, lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        queries, keys = self.frame_head(anchor), self.frame_head(partner)
        others = None
        if self.args.frame_negatives == "clip":
            logits = self.frame_similarity(queries, keys)
        else:
            shape = queries.shape[:2]
            pairs = self.frame_similarity(queries.flatten(0, 1), keys.flatten(0, 1))
            logits, others = other_clips(pairs.view(*shape, *shape), lengths)
        return frame_loss(
            logits,
            lengths,
            lengths,
            views.offsets,
            self.args.frame_positive_radius,
            self.args.frame_tolerance,
            others,
        )

    def _pitch_loss(
        self, anchor: Tensor, partner: Tensor, views: Views, lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Of the pitch head's numbers, (batch, frames), or of salience, (batch, frames, bins)."""
        if self.bins_per_semitone is None:
            return self._regression(anchor, partner, views, lengths)
        if self.args.pitch_form == "contrast":
            return shift_contrast_loss(
                anchor,
                partner,
                lengths,
                lengths,
                views.offsets,
                (views.shifts * self.bins_per_semitone).round().long(),
                round(2 * self.max_shift * self.bins_per_semitone),
                self.args.temperature,
            )
        unit = self.bins_per_semitone * self.max_shift
        pitches = expected_pitch(anchor, unit), expected_pitch(partner, unit)
        return self._regression(*pitches, views, lengths)

    def _regression(
        self, anchor: Tensor, partner: Tensor, views: Views, lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        return pitch_loss(
            anchor, partner, lengths, lengths, views.offsets, views.shifts, self.max_shift
        )
