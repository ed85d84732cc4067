import torch

from pretrain.data.corpus import Corpus, to_float
from pretrain.data.crops import CropSampler
from pretrain.views.augment import add_background, rms
from pretrain.views.mixing import LOUDEST_DB, QUIETEST_DB, mix_clips


def sampler(corpus: Corpus) -> CropSampler:
    return CropSampler(corpus, 4, 5120, 640, max_offset=3, seed=0)


def test_all_crops_of_a_step_are_those_drawn_one_by_one(tiny_corpus: Corpus) -> None:
    draws = sampler(tiny_corpus)
    batch = draws.draw(1)
    found = draws.draw_all(1, mixed=True, behind=3)
    one_by_one = [*batch[:3], *draws.mixture_crops(1, batch.offsets), *draws.backgrounds(1, 3)]
    assert torch.equal(found.crops, torch.stack(one_by_one))
    assert torch.equal(found.lengths, batch.lengths) and torch.equal(found.offsets, batch.offsets)
    assert torch.equal(draws.draw_all(1, mixed=False, behind=3).crops[3:], found.crops[6:])


def test_the_second_sound_is_in_all_crops_at_one_level(tiny_corpus: Corpus) -> None:
    draws = sampler(tiny_corpus)
    for step in range(4):
        batch = draws.draw(step)
        seconds = draws.mixture_crops(step, batch.offsets)
        mixed = mix_clips(batch, seconds, 1.0, torch.Generator().manual_seed(step))
        added = [
            getattr(mixed, name) - getattr(batch, name)
            for name in ("anchor", "positive", "partner")
        ]
        for row in range(4):
            gains = []
            for part, second in zip(added, seconds, strict=True):
                own = second[row, : int(batch.lengths[row])]
                if own.abs().max() > 0.01:
                    gains.append(float((part[row, : len(own)] @ own) / (own @ own)))
                assert (part[row, int(batch.lengths[row]) :] == 0).all()
            assert max(gains) - min(gains) < 1e-4 * max(gains)
            level = max(float(rms(part)[row]) for part in added) / float(rms(batch.anchor)[row])
            assert level < 1.01 * 10 ** (LOUDEST_DB / 20)
    assert QUIETEST_DB < LOUDEST_DB


def test_the_second_sound_of_the_partner_starts_as_much_later_as_the_first(
    tiny_corpus: Corpus,
) -> None:
    draws = sampler(tiny_corpus)
    offsets = torch.tensor([1, -2, 3, 0])
    anchors, _, partners = draws.mixture_crops(0, offsets)
    for row, offset in enumerate(offsets.tolist()):
        early, late = (anchors, partners) if offset >= 0 else (partners, anchors)
        moved = abs(offset) * 640
        overlap = early[row, moved:], late[row, : 5120 - moved]
        both = (overlap[0] != 0) & (overlap[1] != 0)
        assert torch.equal(overlap[0][both], overlap[1][both]) and both.any()


def test_backgrounds_are_crops_of_the_corpus_and_differ_from_view_to_view(
    tiny_corpus: Corpus,
) -> None:
    behind = sampler(tiny_corpus).backgrounds(0, 3)
    assert behind.shape == (3, 4, 5120)
    assert not torch.equal(behind[0], behind[1])
    samples = to_float(tiny_corpus.samples)
    first = behind[0, 0][behind[0, 0] != 0][:50]
    starts = (samples == first[0]).nonzero().flatten().tolist()
    assert any(torch.equal(samples[s : s + 50], first) for s in starts)


def test_backgrounds_lie_in_the_range_of_levels() -> None:
    generator = torch.Generator().manual_seed(0)
    audio, behind = torch.randn(2, 500, 1000, generator=generator)
    result = add_background(0.1 * audio, 0.01 * behind, 0.5, 0.0, generator)
    added = rms(result - 0.1 * audio).squeeze(1)
    chosen = added > 0
    assert 0.4 < float(chosen.float().mean()) < 0.6
    snr = 20 * torch.log10(rms(0.1 * audio).squeeze(1) / added)[chosen]
    assert -0.01 < float(snr.min()) < 1 and 19 < float(snr.max()) < 20.01


def test_silence_behind_a_clip_adds_nothing() -> None:
    audio = torch.ones(1, 10)
    result = add_background(audio, torch.zeros(1, 10), 1.0, 0.0, torch.Generator())
    assert torch.equal(result, audio)
