import numpy as np
import pytest

from pretrain.data.debian.choose import CAP, DUPLICATE, NEAR, TASK, choose, fair_level, prints_of
from pretrain.data.debian.near_duplicates import near_duplicates
from pretrain.data.debian.prepare import Candidate, Prepared
from pretrain.tools.overlap import fingerprint
from tests.pretrain.data.debian.packages import noise

RATE = 16000


def prepared(package, clips, kind="sounds", tmp="unused"):
    prints = [fingerprint(samples) for samples in clips]
    candidates = tuple(
        Candidate(package, "1", kind, (f"{i}.wav",), 0.0, len(c), str(hash(c.tobytes())), "CC0-1.0")
        for i, c in enumerate(clips)
    )
    words, loud = tuple(w for w, _ in prints), tuple(on for _, on in prints)
    return Prepared(tmp, candidates, words, loud, (), {}, b"")


def chosen(*packages, tasks=None, source_hours=1.0, kind_hours=1.0):
    candidates = [candidate for one in packages for candidate in one.candidates]
    choice = choose(candidates, prints_of(packages), tasks, source_hours, kind_hours)
    return choice.kept, {why: count for why, count in choice.dropped.items() if count}


def test_an_equal_clip_goes_the_first_stays():
    a, b = noise(2, 1), noise(2, 2)
    assert chosen(prepared("p", [a, b]), prepared("q", [b, a])) == ([0, 1], {DUPLICATE: 2})


def test_a_quieter_copy_and_an_excerpt_are_near_duplicates():
    a, b = noise(3, 1), noise(3, 2)
    quieter = np.rint(a * 0.3).astype(np.int16)
    excerpt = b[RATE // 2 : 2 * RATE]
    kept, dropped = chosen(prepared("p", [a, b]), prepared("q", [quieter, excerpt]))
    assert (kept, dropped) == ([0, 1], {NEAR: 2})


def test_clips_with_a_little_in_common_both_stay():
    a, b, jingle = noise(5, 1), noise(5, 2), noise(1.2, 3)
    clips = [np.concatenate([a, jingle]), np.concatenate([jingle, b])]
    assert chosen(prepared("p", clips)) == ([0, 1], {})


def test_what_is_in_a_task_goes_and_its_twin_too():
    a, b, c = noise(3, 1), noise(3, 2), noise(3, 3)
    task = prints_of([prepared("task", [np.concatenate([noise(1, 9), b])])])
    kept, dropped = chosen(prepared("p", [a, b, c, b]), tasks=task)
    assert (kept, dropped) == ([0, 2], {TASK: 2})


def test_large_sources_are_cut_alike_and_small_ones_are_whole():
    seed = iter(range(1000))
    large, larger, small = (
        prepared(name, [noise(1, next(seed)) for _ in range(count)])
        for name, count in (("large", 12), ("larger", 20), ("small", 3))
    )
    kept, dropped = chosen(large, larger, small, kind_hours=15.5 / 3600)
    assert kept == [0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17, 32, 33, 34]
    assert dropped == {CAP: 20}
    kept, _ = chosen(large, larger, small, source_hours=2.5 / 3600)
    assert kept == [0, 1, 12, 13, 32, 33]


def test_kinds_are_capped_apart():
    one = prepared("p", [noise(1, i) for i in range(4)])
    other = prepared("p", [noise(1, i) for i in range(4, 8)], "music")
    assert chosen(one, other, kind_hours=2.5 / 3600)[0] == [0, 1, 4, 5]


@pytest.mark.parametrize("seed", range(5))
def test_the_level_is_the_largest_that_fits(seed):
    draw = np.random.default_rng(seed)
    sources = list(draw.exponential(1.0, 7))
    level = fair_level(sources, 2.0, 3.0)
    levels = np.linspace(0, 2, 100_001)
    totals = np.minimum.outer(levels, sources).sum(1)
    assert level == pytest.approx(levels[totals <= 3.0].max(), abs=1e-4)


def test_near_duplicates_are_those_that_comparing_all_pairs_finds():
    """Against brute force: every pair, every lag."""
    base = [noise(2, seed) for seed in range(6)]
    cuts = [base[0][5000:25000], np.rint(base[1] * 0.2).astype(np.int16)]
    mixed = np.rint(base[2] * 0.98 + noise(2, 99) * 0.1).astype(np.int16)
    little = np.concatenate([base[3][-8000:], noise(2, 77)])
    clips = [*base, *cuts, mixed, little]
    prints = prints_of([prepared("p", clips)])
    expected = set()
    for later in range(len(clips)):
        for earlier in range(later):
            a, b = fingerprint(clips[earlier])[0], fingerprint(clips[later])[0]
            for lag in range(-len(b), len(a)):
                start, end = max(0, lag), min(len(a), len(b) + lag)
                if end - start >= max(20, min(len(a), len(b)) / 2):
                    differing = a[start:end] ^ b[start - lag : end - lag]
                    wrong = np.unpackbits(differing.view(np.uint8)).mean()
                    if wrong < 0.31:
                        expected.add((later, earlier))
    assert expected == {(6, 0), (7, 1), (8, 2)}
    assert set(near_duplicates(prints)) == expected
