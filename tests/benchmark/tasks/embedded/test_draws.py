import numpy as np
import pytest

from benchmark.tasks.embedded.draws import Draws


def test_the_stream_is_numpys_bit_generator() -> None:
    """Integers that NumPy guarantees: PCG64 seeded by a sequence; uniforms as its Generator's."""
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence((3, 1, 4))))
    assert Draws(3, 1, 4).uniforms(0.0, 1.0, 5).tolist() == generator.random(5).tolist()


def test_keys_make_streams() -> None:
    assert Draws(1, 2).integers(3).tolist() == Draws(1, 2).integers(3).tolist()
    assert Draws(1, 2).integers(3).tolist() != Draws(2, 1).integers(3).tolist()


def test_distributions() -> None:
    rng = Draws(0)
    even = rng.uniforms(-2.0, 6.0, 20_000)
    assert even.min() >= -2.0
    assert even.max() < 6.0
    assert even.mean() == pytest.approx(2.0, abs=0.1)
    octaves = np.log2([rng.log_uniform(100.0, 1600.0) / 100.0 for _ in range(3000)])
    assert octaves.min() >= -1e-9
    assert np.histogram(octaves, 4, (0.0, 4.0))[0] / 3000 == pytest.approx(0.25, abs=0.04)
    counts = np.bincount([rng.integer(2, 6) for _ in range(4000)])
    assert counts[:2].tolist() == [0, 0]
    assert len(counts) == 6
    assert counts[2:] / 4000 == pytest.approx(0.25, abs=0.04)
    assert np.mean([rng.chance(0.3) for _ in range(4000)]) == pytest.approx(0.3, abs=0.04)


def test_noise_is_white_and_nearly_gaussian() -> None:
    noise = Draws(1).noise(100_000)
    assert noise.mean() == pytest.approx(0.0, abs=0.02)
    assert noise.std() == pytest.approx(1.0, abs=0.01)
    assert np.mean(noise**4) == pytest.approx(3.0 - 0.3, abs=0.05)  # four even ones: -1.2 / 4
    assert np.corrcoef(noise[1:], noise[:-1])[0, 1] == pytest.approx(0.0, abs=0.02)


def test_shuffled_and_chosen() -> None:
    rng, letters = Draws(2), "abcde"
    orders = {"".join(rng.shuffled(letters)) for _ in range(200)}
    assert all(sorted(order) == list(letters) for order in orders)
    assert len(orders) > 80
    assert {rng.choice(letters) for _ in range(100)} == set(letters)
