"""The frames of all other clips as negatives, for a GPU: two numbers for each frame.

A batch of 512 clips has 12,288 frames, and the similarities of all pairs take 604 MB. Plain
operations (``frame_loss.other_clips``) write and read such a table some thirty times; here it is
written three times, and the gradient needs two products alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor


class OtherFrames(NamedTuple):
    """What a frame loss needs of the frames of other clips.

    Attributes:
        log_sum: ``log(sum(exp(similarity)))`` over them, at least float32, shape (clips, queries).
        best: The largest similarity, without gradient, same shape.
    """

    log_sum: Tensor
    best: Tensor


def other_frames(queries: Tensor, keys: Tensor, key_lengths: Tensor, first: int = 0) -> OtherFrames:
    """Compare frames with those of all clips but their own.

    Args:
        queries: So that its product with ``keys`` is the similarity, shape (clips, frames, size).
        keys: Of the joint batch, shape (batch, frames, size).
        key_lengths: Valid frames of each of its clips, int64, shape (batch,).
        first: Index in the batch of the first clip, where another process has other clips.
    """
    found: tuple[Tensor, Tensor] = _LogSum.apply(queries, keys, key_lengths, first)  # type: ignore[no-untyped-call]
    return OtherFrames(*found)


class _LogSum(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's context
        queries: Tensor,
        keys: Tensor,
        key_lengths: Tensor,
        first: int,
    ) -> tuple[Tensor, Tensor]:
        clips, frames, _ = queries.shape
        batch, positions, _ = keys.shape
        pairs = queries.flatten(0, 1) @ keys.flatten(0, 1).T
        table = pairs.view(clips, frames, batch, positions)
        own = torch.arange(first, first + clips, device=pairs.device)
        own = own[:, None] == torch.arange(batch, device=pairs.device)
        padding = torch.arange(positions, device=pairs.device) >= key_lengths[:, None]
        table.masked_fill_(own[:, None, :, None] | padding, torch.finfo(pairs.dtype).min)
        wide = torch.promote_types(pairs.dtype, torch.float32)
        best = pairs.amax(dim=1).to(wide)
        shares = pairs.softmax(dim=1)
        log_sum = best - shares.amax(dim=1).to(wide).log()
        ctx.save_for_backward(queries, keys, shares)
        log_sum, best = log_sum.view(clips, frames), best.view(clips, frames)
        ctx.mark_non_differentiable(best)
        return log_sum, best

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        queries, keys, shares = ctx.saved_tensors
        given = gradients[0].flatten()[:, None].to(shares.dtype)
        # The table is d log_sum / d similarity; each row's gradient goes into the smaller factor.
        of_queries = given * (shares @ keys.flatten(0, 1).to(shares.dtype))
        of_keys = shares.T @ (given * queries.flatten(0, 1))
        return of_queries.view_as(queries).to(queries), of_keys.view_as(keys).to(keys), None, None
