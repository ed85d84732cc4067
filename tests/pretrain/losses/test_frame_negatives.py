"""The table of all pairs, written once, against the plain operations on it."""

import pytest
import torch
from torch import Tensor

from pretrain.losses.frame_loss import FrameLoss, frame_loss, other_clips
from pretrain.losses.frame_negatives import other_frames
from pretrain.losses.similarity import SimilarityName, make_similarity

CLIPS, FRAMES, SIZE = 5, 6, 8
LENGTHS = torch.tensor([6, 3, 1, 5, 6])
OFFSETS = torch.tensor([0, 2, 0, -1, 3])


@pytest.mark.parametrize("name", ["cosine", "bilinear"])
@pytest.mark.parametrize("first", [0, 2])
def test_loss_and_gradients_are_those_of_all_pairs(name: SimilarityName, first: int) -> None:
    torch.manual_seed(0)
    similarity = make_similarity(name, SIZE, 0.1).double()
    rows = slice(first, first + 3)
    queries = torch.randn(3, FRAMES, SIZE, dtype=torch.float64, requires_grad=True)
    keys = torch.randn(CLIPS, FRAMES, SIZE, dtype=torch.float64)
    keys[rows] += 2 * queries.detach()  # so that some are found
    keys.requires_grad_()
    where = (LENGTHS[rows], LENGTHS[rows], OFFSETS[rows], 1, 1)

    def plain() -> FrameLoss:
        pairs = similarity(queries.flatten(0, 1), keys.flatten(0, 1))
        pairs = pairs.view(3, FRAMES, CLIPS, FRAMES)
        logits, others = other_clips(pairs, LENGTHS, first)
        return frame_loss(logits, *where, others)

    def once() -> FrameLoss:
        factors = similarity.factors(queries, keys)
        return frame_loss(
            similarity(queries, keys[rows]), *where, other_frames(*factors, LENGTHS, first)
        )

    leaves = [queries, keys, *similarity.parameters()]
    results = [loss() for loss in (plain, once)]
    torch.testing.assert_close(*results, rtol=1e-6, atol=1e-6)
    assert int(results[0].solved) > 0 or name == "bilinear"
    gradients: list[tuple[Tensor, ...]] = [
        torch.autograd.grad(found.total, leaves) for found in results
    ]
    for own, other in zip(*gradients, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-5, atol=1e-6)


def test_a_clip_alone_has_no_other_frames() -> None:
    frames = torch.randn(1, 4, SIZE, requires_grad=True)
    found = other_frames(frames, frames, torch.tensor([4]))
    similarity = make_similarity("cosine", SIZE, 0.1)
    alone = torch.tensor([4]), torch.tensor([4]), torch.tensor([0])
    logits = similarity(frames, frames)
    loss = frame_loss(logits, *alone, negatives=found)
    torch.testing.assert_close(loss, frame_loss(logits, *alone))
    (gradient,) = torch.autograd.grad(loss.total, frames)
    assert gradient.isfinite().all()
