from dataclasses import replace

import pytest
import torch

from pretrain.data.corpus import Corpus, to_float
from pretrain.data.crops import CropSampler, clip_weights

CROP, GRID = 5120, 640


def sampler(corpus: Corpus, batch_size: int = 4, seed: int = 0) -> CropSampler:
    return CropSampler(corpus, batch_size, CROP, GRID, max_offset=3, seed=seed)


def test_each_clip_comes_once_per_epoch(tiny_corpus: Corpus) -> None:
    draws = sampler(tiny_corpus)
    for epoch in range(3):
        clips = torch.cat([draws.draw(2 * epoch).clips, draws.draw(2 * epoch + 1).clips])
        assert sorted(clips.tolist()) == list(range(8))


def test_crops_are_pieces_of_their_clips_and_short_clips_are_padded(tiny_corpus: Corpus) -> None:
    draws = sampler(tiny_corpus)
    for step in range(6):
        batch = draws.draw(step)
        for row, index in enumerate(batch.clips.tolist()):
            clip = to_float(tiny_corpus.clip(index))
            length = min(len(clip), CROP)
            assert int(batch.lengths[row]) == length
            for crop in (batch.anchor, batch.positive, batch.partner):
                assert (crop[row, length:] == 0).all()
                starts = (clip[: len(clip) - length + 1] == crop[row, 0]).nonzero().flatten()
                assert any(torch.equal(clip[s : s + length], crop[row, :length]) for s in starts)


def test_the_partner_is_the_anchor_a_few_grid_units_off(tiny_corpus: Corpus) -> None:
    draws = sampler(tiny_corpus)
    seen = set()
    for step in range(20):
        batch = draws.draw(step)
        for row, offset in enumerate(batch.offsets.tolist()):
            seen.add(offset)
            shift = offset * GRID
            anchor, partner = batch.anchor[row], batch.partner[row]
            if shift >= 0:
                assert torch.equal(anchor[shift:], partner[: CROP - shift])
            else:
                assert torch.equal(partner[-shift:], anchor[: CROP + shift])
    assert seen == set(range(-3, 4))


def test_a_batch_depends_on_seed_and_step_only(tiny_corpus: Corpus) -> None:
    first, again = sampler(tiny_corpus), sampler(tiny_corpus)
    first.draw(0)
    torch.testing.assert_close(first.draw(5).positive, again.draw(5).positive, rtol=0, atol=0)
    other = sampler(tiny_corpus, seed=1).draw(5)
    assert not torch.equal(other.positive, again.draw(5).positive)


def test_balance_gives_small_sources_a_larger_share(tiny_corpus: Corpus) -> None:
    sources = ("bells", *["talk"] * 7)
    weights = clip_weights(sources, 0.5)
    assert float(weights[0] / weights[1]) == pytest.approx(7**0.5)
    assert clip_weights(sources, 1.0)[1:].sum().item() == pytest.approx(0.5)
    corpus = replace(tiny_corpus, sources=sources)
    draws = CropSampler(corpus, 4, CROP, GRID, max_offset=3, seed=0, source_balance=1.0)
    batches = [draws.draw(step).clips.tolist() for step in range(50)]
    assert all(len(set(batch)) == 4 for batch in batches)
    # Four clips in eight, the bell with half of the first draw's chance and never twice.
    assert 40 < sum(0 in batch for batch in batches) <= 50
    assert draws.draw(3).clips.tolist() == batches[3]


def test_a_corpus_smaller_than_a_batch_is_refused(tiny_corpus: Corpus) -> None:
    with pytest.raises(ValueError, match="8 clips, fewer than a batch of 9"):
        sampler(tiny_corpus, batch_size=9)


def test_a_single_recording_is_refused_by_name() -> None:
    samples = torch.zeros(100, dtype=torch.int16)
    corpus = Corpus(samples, torch.tensor([0, 100]), ("talk.wav",), ("talks",))
    with pytest.raises(ValueError, match=r"1 clip, talk\.wav, .*cut a long recording into several"):
        sampler(corpus)
