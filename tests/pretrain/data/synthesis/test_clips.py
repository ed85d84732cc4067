import hashlib
import subprocess
import sys

import numpy as np
import pytest

from pretrain.data.synthesis import synthetic_clips, synthetic_names
from pretrain.data.synthesis.clips import KINDS

COUNT = 250


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    return synthetic_clips(COUNT, seed=3)


def silent_share(clip: np.ndarray) -> float:
    """Share of 10 ms frames more than 60 dB below the clip's peak."""
    levels = np.sqrt(np.mean(clip[: len(clip) // 160 * 160].reshape(-1, 160) ** 2.0, axis=1))
    return float(np.mean(levels < np.abs(clip.astype(int)).max() / 1000))


def test_clips_are_one_to_six_seconds_of_int16_below_full_scale(clips: list[np.ndarray]) -> None:
    peaks = np.array([np.abs(clip.astype(int)).max() for clip in clips])
    assert all(clip.dtype == np.int16 and 16000 <= len(clip) <= 96000 for clip in clips)
    assert peaks.min() / 32768 > 10 ** (-30.1 / 20) and peaks.max() / 32768 < 10 ** (-0.99 / 20)
    assert np.std(20 * np.log10(peaks)) > 7  # uniform over 29 dB: 8.4


def test_clips_have_neither_offset_nor_steps_at_their_ends(clips: list[np.ndarray]) -> None:
    for clip in clips:
        peak = np.abs(clip.astype(int)).max()
        assert abs(clip.mean()) < 0.003 * peak
        assert max(abs(int(clip[0])), abs(int(clip[-1]))) <= 0.02 * peak


def test_little_is_silent(clips: list[np.ndarray]) -> None:
    shares = np.array([silent_share(clip) for clip in clips])
    assert shares.mean() < 0.2
    windows = [
        clip[start : start + 15360]
        for clip in clips
        for start in range(0, len(clip) - 15360 + 1, 8000)
    ]
    assert np.mean([np.abs(window.astype(int)).max() < 10 for window in windows]) < 0.01


def test_same_seed_same_clips_another_seed_others() -> None:
    first, again, other = (synthetic_clips(6, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_another_process_makes_the_same_clips() -> None:
    program = (
        "import hashlib; from pretrain.data.synthesis import synthetic_clips; "
        "print(hashlib.sha256(b''.join(c.tobytes() for c in synthetic_clips(8, 5))).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    here = hashlib.sha256(b"".join(clip.tobytes() for clip in synthetic_clips(8, 5))).hexdigest()
    assert done.stdout.strip() == here


def test_a_clip_does_not_depend_on_how_many_are_made(clips: list[np.ndarray]) -> None:
    few = synthetic_clips(9, seed=3)
    assert all(np.array_equal(a, b) for a, b in zip(few, clips[:9], strict=True))
    assert synthetic_names(9, seed=3) == synthetic_names(COUNT, seed=3)[:9]


def test_names_tell_the_kind_and_kinds_have_their_shares() -> None:
    names = synthetic_names(4000, seed=0)
    kinds = [name.removeprefix("synthetic/").rpartition("-")[0] for name in names]
    assert names[17] == f"synthetic/{kinds[17]}-00017"
    assert sum(share for _, share in KINDS.values()) == pytest.approx(1)
    for kind, (_, share) in KINDS.items():
        # Four standard deviations of a binomial count.
        assert abs(kinds.count(kind) / 4000 - share) < 4 * np.sqrt(share * (1 - share) / 4000)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("samples", [1200, 20000])
def test_every_kind_makes_sound_of_any_length(kind: str, samples: int) -> None:
    for seed in range(12):
        signal = KINDS[kind][0](np.random.default_rng(seed), samples, 16000)
        assert signal.shape == (samples,) and signal.dtype == np.float32
        assert np.isfinite(signal).all() and np.abs(signal).max() > 0


@pytest.mark.parametrize("sample_rate", [8000, 44100])
def test_other_sample_rates(sample_rate: int) -> None:
    for clip in synthetic_clips(25, 0, sample_rate):
        assert sample_rate <= len(clip) <= 6 * sample_rate


def test_the_kind_is_the_first_number_drawn() -> None:
    """Else a clip's name could tell another kind than its sound."""
    generator = np.random.default_rng(np.random.SeedSequence(7, spawn_key=(3,)))
    shares = np.cumsum([share for _, share in KINDS.values()])
    kind = list(KINDS)[int(np.searchsorted(shares, generator.random()))]
    assert synthetic_names(4, 7)[3] == f"synthetic/{kind}-00003"
    assert len(synthetic_clips(4, 7)[3]) <= round(generator.uniform(1, 6) * 16000)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [((-1, 0), "-1 synthetic clips"), ((1, -2), "seed -2"), ((1, 0, 4000), "at 4000 Hz")],
)
def test_bad_arguments(arguments: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        synthetic_clips(*arguments)
