"""The mel matrix and the log-mel front end of PANNs."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from benchmark.baselines.panns.cnn import ARCHITECTURES, AT_16_KHZ, AT_32_KHZ, CNN6_16K, Panns
from benchmark.baselines.panns.log_mel import LogMelSettings
from benchmark.baselines.panns.mel import mel_matrix


@pytest.mark.parametrize("settings", [AT_16_KHZ, AT_32_KHZ], ids=["16k", "32k"])
def test_mel_matrix_equals_librosa(settings: LogMelSettings) -> None:
    librosa = pytest.importorskip("librosa")
    theirs = librosa.filters.mel(
        sr=settings.sample_rate,
        n_fft=settings.n_fft,
        n_mels=64,
        fmin=settings.f_min,
        fmax=settings.f_max,
    )
    ours = mel_matrix(settings.sample_rate, settings.n_fft, 64, settings.f_min, settings.f_max)
    # librosa rounds to float32 before it normalises: the last bit may differ.
    assert_allclose(ours, theirs.T, rtol=3e-7, atol=0)


def test_log_mel_equals_a_frame_by_frame_fft() -> None:
    rng = np.random.default_rng(0)
    audio = rng.normal(0, 0.1, 4000)
    model = Panns(CNN6_16K, 2)
    log_mel = model.log_mel_of_padded(model.pad(torch.from_numpy(audio)[None].float()))[0]

    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    mirrored = np.pad(audio, 256, mode="reflect")
    matrix = mel_matrix(16_000, 512, 64, 50.0, 8_000.0)
    for frame in range(1 + 4000 // 160):
        spectrum = np.fft.rfft(mirrored[frame * 160 : frame * 160 + 512] * window)
        expected = 10 * np.log10(np.maximum(np.abs(spectrum) ** 2 @ matrix, 1e-10))
        assert_allclose(log_mel[frame], expected, atol=1e-3)
    assert log_mel.shape == (26, 64)


def test_silence_lies_at_the_floor() -> None:
    model = Panns(CNN6_16K, 2)
    assert torch.all(model.log_mel_of_padded(torch.zeros(1, 2000)) == -100.0)


def test_architectures_have_the_published_sizes() -> None:
    # Kong et al. 2020, table XI: 80.8 M and 4.8 M parameters, with 527 classes.
    for architecture in ARCHITECTURES:
        with torch.device("meta"):
            parameters = sum(p.numel() for p in Panns(architecture, 527).parameters())
        published = 80_753_615 if architecture.name.startswith("cnn14") else 4_837_455
        assert parameters == published
