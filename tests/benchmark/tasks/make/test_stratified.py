from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.tasks.make.stratified import draw_stratified

SHARES = {"train": 80, "valid": 10, "test": 10}
groups = st.dictionaries(
    st.text("abc123", min_size=1, max_size=4),
    st.dictionaries(st.sampled_from(["cat", "dog", 3]), st.integers(1, 9)).map(Counter),
    min_size=3,
)


@settings(max_examples=60, deadline=None)
@given(groups, st.integers(0, 5))
def test_every_group_once_and_the_same_each_time(groups: dict, seed: int) -> None:
    drawn = draw_stratified(groups, SHARES, seed)
    assert drawn.keys() == groups.keys()
    assert set(drawn.values()) == SHARES.keys()
    assert drawn == draw_stratified(dict(reversed(groups.items())), SHARES, seed)


@pytest.mark.parametrize("seed", range(5))
def test_single_clips_are_shared_out_exactly(seed: int) -> None:
    labels = {"cat": 100, "dog": 30, "rare": 10}
    clips = {f"{name}-{i}": Counter([name]) for name, n in labels.items() for i in range(n)}
    drawn = draw_stratified(clips, SHARES, seed)
    counts = Counter((drawn[clip], clip.partition("-")[0]) for clip in clips)
    for name, count in labels.items():
        assert [counts[split, name] for split in SHARES] == [
            count * 8 // 10,
            count // 10,
            count // 10,
        ]


def test_seeds_draw_different_clips() -> None:
    clips = {str(i): Counter(["cat"]) for i in range(100)}
    draws = [draw_stratified(clips, SHARES, seed) for seed in range(5)]
    tests = [frozenset(clip for clip, split in draw.items() if split == "test") for draw in draws]
    assert len(set(tests)) == 5


def test_speakers_who_say_every_word_are_shared_out_by_clips() -> None:
    # 10 speakers of 10 to 100 clips: the big ones cannot go to the small splits.
    speakers = {f"s{i}": Counter(dict.fromkeys("abcdefghij", i + 1)) for i in range(10)}
    drawn = draw_stratified(speakers, SHARES, 0)
    clips = Counter(dict.fromkeys(SHARES, 0))
    for speaker, split in drawn.items():
        clips[split] += speakers[speaker].total()
    assert clips.total() == 550
    assert 380 <= clips["train"] <= 480
    assert clips["valid"] >= 30
    assert clips["test"] >= 30


def test_few_speakers_leave_no_split_empty() -> None:
    speakers = {f"s{i}": Counter(cat=50, dog=50) for i in range(6)}
    assert sorted(draw_stratified(speakers, SHARES, 0).values()) == [
        "test",
        *["train"] * 4,
        "valid",
    ]


def test_many_labels_a_clip() -> None:
    clips = {f"{a}{b}{i}": Counter([a, b]) for a in "abcd" for b in "wxyz" for i in range(20)}
    drawn = draw_stratified(clips, dict.fromkeys(("fold00", "fold01", "fold02"), 1.0), 3)
    for label in "abcdwxyz":
        folds = Counter(drawn[clip] for clip in clips if label in clip[:2])
        assert max(folds.values()) - min(folds.values()) <= 4, label


def test_fewer_groups_than_splits() -> None:
    with pytest.raises(ValueError, match="2 groups of clips are too few for 3 splits"):
        draw_stratified({"a": Counter("x"), "b": Counter("x")}, SHARES, 0)
