import pytest
import torch

from msssl_hear.log_frequency import LogFrequency, LogFrequencyConfig, hertz
from msssl_hear.read_out import (
    Frames,
    on_the_grid,
    scene_embedding,
    scene_size,
    timestamp_embeddings,
    timestamp_size,
)

BINS = LogFrequencyConfig().bins
LEARNT = torch.tensor([[[1.0, -2.0], [3.0, 0.0]]])


def test_parts_of_the_full_read_out_by_hand() -> None:
    contrast = torch.zeros(1, 2, BINS)
    contrast[0, 0, 0], contrast[0, 1, 1] = 1.0, 5.0
    frames = Frames(LEARNT, torch.tensor([[[0.0], [2.0]]]), contrast)
    full = scene_embedding("full", frames)[0]
    expected = torch.zeros(scene_size("full", 2, 1))
    expected[:6] = torch.tensor([3.0, 0.0, 2.0, -1.0, 1.0, 1.0])  # max, mean, std of what is learnt
    expected[6:8] = torch.tensor([0.2, 0.2])  # mean 1 and std 1 of the log-mel, a fifth of them
    expected[8:10] = torch.tensor([0.1, 0.5])  # means 0.5 and 2.5
    expected[8 + BINS : 10 + BINS] = torch.tensor([0.2, 1.0])  # maxima 1 and 5
    torch.testing.assert_close(full, expected)
    assert scene_embedding("max_mean", frames).tolist() == [[3.0, 0.0, 2.0, -1.0]]
    assert scene_size("max_mean", 2, 1) == 4


def test_the_paper_takes_the_maximum_alone() -> None:
    frames = Frames(LEARNT, torch.zeros(1, 2, 1), None)
    assert scene_embedding("paper", frames).tolist() == [[3.0, 0.0]]
    assert scene_size("paper", 2, 1) == 2


def test_timestamps_have_what_is_learnt_and_a_fifth_of_the_spectra() -> None:
    contrast = torch.ones(1, 2, BINS)
    frames = Frames(LEARNT, torch.tensor([[[0.0], [2.0]]]), contrast)
    full = timestamp_embeddings("full", frames)
    assert full.shape == (1, 2, timestamp_size("full", 2, 1))
    torch.testing.assert_close(full[0, 1, :4], torch.tensor([3.0, 0.0, 0.4, 0.2]))
    for name in ("paper", "max_mean"):
        assert torch.equal(timestamp_embeddings(name, frames), LEARNT)
        assert timestamp_size(name, 2, 1) == 2


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 37, 321])
def test_log_mel_on_the_grid_equals_a_loop(frames: int) -> None:
    log_mel = torch.randn(2, frames, 3)
    grid = on_the_grid(log_mel)
    assert grid.shape == (2, -(-frames // 4), 3)
    for j in range(grid.shape[1]):
        around = log_mel[:, max(0, 4 * j - 2) : 4 * j + 3]
        torch.testing.assert_close(grid[:, j], around.mean(dim=1))


def test_notes_a_semitone_apart_are_apart_in_the_contrast() -> None:
    """What 64 mel bands cannot do at low notes: C2 against C sharp 2."""
    seconds = torch.arange(16_000) / 16_000
    peaks = []
    for note in (36, 37):
        tone = sum(torch.sin(2 * torch.pi * hertz(note) * k * seconds) / k for k in range(1, 6))
        peaks.append(int(LogFrequency()(0.2 * tone[None])[0, 12].argmax()))
    assert peaks[1] - peaks[0] == 3
