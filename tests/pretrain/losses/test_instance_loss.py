"""Against a loop over frames and candidates, and on frames whose answer is known."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from pretrain.losses.instance_loss import instance_loss

TEMPERATURE = 0.2


def by_hand(
    anchor: Tensor, twins: Tensor, partner: Tensor, lengths: list[int], offsets: list[int], at: int
) -> tuple[float, int, int]:
    """Sum of the losses, frames found, frames; the clips of ``anchor`` are the batch's from at."""
    total, solved, frames = 0.0, 0, 0
    for clip in range(len(anchor)):
        for t in range(lengths[at + clip]):

            def alike(frame: Tensor, query: Tensor = anchor[clip, t]) -> float:
                return float(F.cosine_similarity(query, frame, dim=0)) / TEMPERATURE

            candidates = [alike(twins[at + clip, t])]
            heard = t - offsets[clip]
            if 0 <= heard < lengths[at + clip] and clip != 1:  # the second one has no shift
                candidates.append(alike(partner[clip, heard]))
            for other, length in enumerate(lengths):
                if other != at + clip:
                    candidates += [alike(frame) for frame in twins[other, :length]]
            total += math.log(sum(math.exp(x) for x in candidates)) - candidates[0]
            solved += candidates[0] == max(candidates)
            frames += 1
    return total, solved, frames


@pytest.mark.parametrize("first", [0, 2])
def test_against_a_loop(first: int) -> None:
    torch.manual_seed(0)
    lengths, offsets = [5, 3, 5, 1], [1, 0]
    twins = torch.randn(4, 5, 6)
    anchor = twins[first : first + 2] + 0.7 * torch.randn(2, 5, 6)
    partner = torch.randn(2, 5, 6)
    found = instance_loss(
        anchor,
        twins,
        partner,
        torch.tensor(lengths[first : first + 2]),
        torch.tensor(lengths),
        torch.tensor(offsets),
        torch.tensor([True, False]),
        TEMPERATURE,
        first,
    )
    total, solved, frames = by_hand(anchor, twins, partner, lengths, offsets, first)
    assert float(found.total) == pytest.approx(total, rel=1e-5)
    assert (int(found.solved), int(found.frames)) == (solved, frames)


def test_numbers_that_are_blind_to_pitch_cannot_solve_it() -> None:
    """Equal at all pitches: twin and partner are as likely. Different: the twin is found."""
    frames = F.one_hot(torch.arange(6), 12).float().view(2, 3, 12)
    at_another_pitch = frames.roll(6, dims=2)
    lengths, offsets = torch.tensor([3, 3]), torch.zeros(2, dtype=torch.int64)
    shifted = torch.ones(2, dtype=torch.bool)
    where = (lengths, lengths, offsets, shifted, 0.05)
    blind = instance_loss(frames, frames, frames, *where)
    hearing = instance_loss(frames, frames, at_another_pitch, *where)
    assert float(blind.loss) == pytest.approx(math.log(2), abs=1e-6)
    assert float(hearing.loss) < 1e-6 and float(hearing.accuracy) == 1
