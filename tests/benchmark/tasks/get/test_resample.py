"""Clips against the tone that they should be, and against SciPy's polyphase filter."""

import io

import numpy as np
import pytest
import scipy.signal
import soundfile

from benchmark.tasks.get.resample import resample_clip

RATES = [16000, 22050, 32000, 44100]


def wav(audio: np.ndarray, rate: int = 48000, **facts: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, rate, **{"format": "WAV", "subtype": "PCM_16"} | facts)
    return buffer.getvalue()


def tone(hertz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def read(data: bytes) -> tuple[np.ndarray, int]:
    return soundfile.read(io.BytesIO(data))


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_stays_the_tone(rate: int) -> None:
    audio, found = read(resample_clip(wav(tone(1000, 48000)), 48000, rate))
    assert found == rate
    assert abs(len(audio) - rate / 2) <= 1
    middle = slice(rate // 10, -rate // 10)  # the filter needs its time at both ends
    np.testing.assert_allclose(audio[middle], tone(1000, rate)[: len(audio)][middle], atol=2e-4)
    assert soundfile.info(io.BytesIO(resample_clip(wav(audio), 48000, rate))).subtype == "PCM_16"


def test_what_the_rate_cannot_hold_is_gone() -> None:
    audio, _ = read(resample_clip(wav(tone(10_000, 48000)), 48000, 16000))
    assert np.abs(audio[800:-800]).max() < 1e-3  # 0.5 would be an alias at 6 kHz


def test_noise_as_by_scipy() -> None:
    """Below 6 kHz both filters are flat."""
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 48000)
    low = scipy.signal.sosfilt(scipy.signal.butter(12, 5000, fs=48000, output="sos"), noise)
    audio, _ = read(resample_clip(wav(low), 48000, 16000))
    expected = scipy.signal.resample_poly(low, 1, 3, window=("kaiser", 12.0))
    np.testing.assert_allclose(audio[500:-500], expected[500:-500], atol=2e-3)


def test_the_same_rate_is_the_same_file() -> None:
    data = wav(tone(440, 48000))
    assert resample_clip(data, 48000, 48000) is data


def test_overshoot_is_clipped_not_wrapped_around() -> None:
    square = np.sign(tone(100, 48000)) * 0.99999
    audio, _ = read(resample_clip(wav(square), 48000, 16000))
    assert audio.max() == pytest.approx(1, abs=1e-4)
    assert audio.min() == -1
    assert np.abs(np.diff(audio)).max() < 2.0
    high = audio[np.sign(tone(100, 16000)) > 0]
    assert np.mean(high > 0) > 0.98


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "cannot be read as audio"),
        (b"RIFF" + bytes(50), "cannot be read as audio"),
        (wav(tone(440, 44100), 44100), "is at 44100 Hz, but lies in the folder of 48000 Hz"),
        (wav(np.zeros((100, 2))), "has 2 channels"),
        (wav(np.zeros(0)), "0 samples"),
    ],
)
def test_what_is_no_clip(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        resample_clip(data, 48000, 16000)
