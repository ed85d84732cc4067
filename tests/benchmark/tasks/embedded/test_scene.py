from collections import Counter

import numpy as np
import pytest

from benchmark.tasks.embedded import scene
from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.signal import SAMPLE_RATE, Signal


def spectrum(audio: Signal) -> np.ndarray:
    return np.abs(np.fft.rfft(audio))


def test_every_sound_fills_its_clip() -> None:
    for number, (name, sound) in enumerate(scene.SOUNDS.items()):
        for seed in range(3):
            audio = sound(Draws(number, seed))
            assert audio.shape == (scene.SAMPLES,), name
            assert np.isfinite(audio).all(), name
            assert np.abs(audio).max() > 0.01, name


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        (scene.sweeps_up, scene.sweeps_down),
        (scene.strikes, scene.swells),
        (scene.opening_vowel, scene.closing_vowel),
    ],
)
def test_reversed_pairs_share_their_spectrum(forward: object, backward: object) -> None:
    assert callable(forward)
    assert callable(backward)
    first, second = forward(Draws(1)), backward(Draws(1))
    np.testing.assert_allclose(spectrum(first), spectrum(second), atol=1e-9)
    assert np.abs(first - second).max() > 0.1


@pytest.mark.parametrize(
    ("sound", "slowest", "fastest"), [(scene.slow_throb, 2.5, 5.0), (scene.fast_throb, 8.0, 16.0)]
)
def test_noise_throbs_at_its_rate(sound: object, slowest: float, fastest: float) -> None:
    assert callable(sound)
    envelopes = [sound(Draws(2, seed)) ** 2 for seed in range(20)]
    power = np.mean([spectrum(e - e.mean())[:60] ** 2 for e in envelopes], axis=0)
    rate = np.arange(60) / scene.SECONDS
    inside = power[(rate >= slowest - 0.5) & (rate <= fastest + 0.5)].mean()
    outside = power[(rate > 0) & ((rate < slowest - 1.0) | (rate > fastest + 1.0))].mean()
    assert inside > 3.0 * outside


def test_knocks_are_steady_or_not() -> None:
    def gaps(sound: object, seed: int) -> np.ndarray:
        assert callable(sound)
        audio = np.abs(sound(Draws(3, seed)))
        frames = audio[: len(audio) // 160 * 160].reshape(-1, 160).max(axis=1)
        rises = np.flatnonzero((frames[1:] > 0.2) & (frames[:-1] < 0.02))
        return np.diff(rises) * 160 / SAMPLE_RATE

    steady = [gaps(scene.steady_knocks, seed) for seed in range(10)]
    irregular = [gaps(scene.irregular_knocks, seed) for seed in range(10)]
    spread = [np.median([np.std(g) for g in kind if len(g) > 2]) for kind in (steady, irregular)]
    assert spread[0] < 0.03 < spread[1]


@pytest.mark.parametrize(
    ("forward", "backward"), [(scene.strikes, scene.swells), (scene.sweeps_up, scene.sweeps_down)]
)
def test_a_clips_edges_do_not_tell_its_direction(forward: object, backward: object) -> None:
    """Which end of a clip is the louder one is as good as chance (0.98 where rows began at 0)."""

    def louder_first(sound: object, seeds: range) -> float:
        assert callable(sound)
        clips = [sound(Draws(5, seed)) for seed in seeds]
        edge = 320  # 20 ms
        return float(np.mean([np.std(c[:edge]) > np.std(c[-edge:]) for c in clips]))

    share = louder_first(forward, range(60)) + 1 - louder_first(backward, range(60, 120))
    assert 0.3 < share / 2 < 0.7


def test_all_classes_in_equal_numbers_in_every_split() -> None:
    for clips in scene.RECIPE.clips.values():
        counts = Counter(index % len(scene.VOCABULARY) for index in range(clips))
        assert len(counts) == 12
        assert len(set(counts.values())) == 1


def test_a_clip_is_made_again_bit_for_bit_and_like_no_other() -> None:
    clip = scene.make_clip("train", 7)
    again = scene.make_clip("train", 7)
    np.testing.assert_array_equal(clip.audio, again.audio)
    assert (clip.file, clip.labels) == ("train-0007.wav", [scene.VOCABULARY[7]])
    assert not np.array_equal(scene.make_clip("test", 7).audio, clip.audio)
