import numpy as np
import pytest

from pretrain.data.pack.loudness import QUIETEST_LUFS, integrated_loudness, k_weighting


def tone(rate: int, seconds: float, level: float = 1.0, frequency: float = 997.0) -> np.ndarray:
    samples = level * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)
    return np.rint(samples * 32767).astype(np.int16)


def test_the_filter_at_48_khz_is_the_table_of_bs_1770() -> None:
    table = [
        [1.53512485958697, -2.69169618940638, 1.19839281085285],
        [1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0],
        [1.0, -1.99004745483398, 0.99007225036621],
    ]
    np.testing.assert_allclose(k_weighting(48000).reshape(4, 3), table, atol=1e-9)


@pytest.mark.parametrize("rate", [16000, 48000])
def test_a_full_scale_tone_of_997_hz_is_minus_3_01_lufs(rate: int) -> None:
    # The filter of a lower rate is not quite the one of 48 kHz: bilinear transform.
    assert integrated_loudness(tone(rate, 3), rate) == pytest.approx(-3.01, abs=0.05)
    assert integrated_loudness(tone(rate, 3, 0.1), rate) == pytest.approx(-23.01, abs=0.05)


def test_silence_between_sounds_does_not_count() -> None:
    alone = integrated_loudness(tone(16000, 4, 0.1), 16000)
    paused = np.concatenate([tone(16000, 4, 0.1), np.zeros(160000, np.int16)])
    # A few blocks straddle the end of the tone.
    assert integrated_loudness(paused, 16000) == pytest.approx(alone, abs=0.3)


def test_short_and_silent_clips_have_a_loudness_too() -> None:
    assert integrated_loudness(tone(16000, 0.2, 0.1), 16000) == pytest.approx(-23, abs=0.2)
    assert integrated_loudness(np.zeros(16000, np.int16), 16000) == QUIETEST_LUFS
    assert integrated_loudness(np.zeros(0, np.int16), 16000) == QUIETEST_LUFS
    quiet = integrated_loudness(tone(16000, 2, 10**-3.6), 16000)  # below the gate
    assert quiet == pytest.approx(-75, abs=0.5)  # int16 steps are coarse there
