from collections.abc import Callable

import pytest
import torch

from pretrain.data.corpus import Corpus, to_float
from pretrain.data.crops import CropSampler, copied, cut, gathered


@pytest.mark.parametrize("way", [cut, copied, gathered])
def test_pieces_are_slices(way: Callable[..., torch.Tensor]) -> None:
    samples = torch.arange(100, dtype=torch.int16)
    pieces = way(samples, torch.tensor([0, 93, 5]), 7)
    assert pieces.dtype == torch.int16
    assert pieces.tolist() == [list(range(s, s + 7)) for s in (0, 93, 5)]


def test_crops_may_begin_before_and_end_after_clip_and_corpus() -> None:
    """Against each sample's own index; the clips at both ends of the corpus included."""
    lengths = [40, 7, 100, 12]
    samples = torch.arange(1, 1 + sum(lengths), dtype=torch.int16)
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    corpus = Corpus(samples, offsets, tuple("abcd"), tuple("abcd"))
    crop = 30
    sampler = CropSampler(corpus, 4, crop, 1, max_offset=0, seed=0)
    clips = torch.tensor([0, 0, 1, 2, 2, 3, 3, 0, 3])
    starts = torch.tensor([-5, 20, -3, -29, 85, -8, 4, -35, 20])
    crops = sampler.crops_at(clips, starts)
    assert crops.shape == (len(clips), crop)
    for row, (clip, start) in enumerate(zip(clips.tolist(), starts.tolist(), strict=True)):
        audio = to_float(corpus.clip(clip)).tolist()
        expected = [audio[p] if 0 <= p < len(audio) else 0.0 for p in range(start, start + crop)]
        assert crops[row].tolist() == expected, (clip, start)


def test_a_corpus_shorter_than_a_crop_is_padded() -> None:
    samples = torch.tensor([1, 2, 3, 4, 5], dtype=torch.int16)
    corpus = Corpus(samples, torch.tensor([0, 2, 5]), ("a", "b"), ("a", "b"))
    batch = CropSampler(corpus, 2, 8, 1, max_offset=0, seed=0).draw(0)
    order = batch.clips.tolist()
    expected = [[1, 2, 0, 0, 0, 0, 0, 0], [3, 4, 5, 0, 0, 0, 0, 0]]
    assert (batch.anchor * 32768).tolist() == [expected[clip] for clip in order]
