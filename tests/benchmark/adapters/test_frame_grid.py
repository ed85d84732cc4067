"""Windows against a plain count of frames."""

import pytest

from benchmark.adapters.frame_grid import FrameGrid
from benchmark.adapters.waveform import grid_of, receptive_field

WAV2VEC2 = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)

GRIDS = {
    "wav2vec 2.0": grid_of(*WAV2VEC2, 16000),
    "whisper": FrameGrid(320, 0, 1, 480000, 1500),
    "ast": FrameGrid(1600, 1399.5, 1399.5, 164080, 101),
    "clap": FrameGrid(32 * 480000 / 1023, 15.5 * 480000 / 1023, 15.5 * 480000 / 1023, 480000, 32),
    "tiny": FrameGrid(1, 0, 1, 4, 4),
}


def test_receptive_field_of_wav2vec2() -> None:
    # Baevski et al. 2020, section 4.2: 49 Hz, a receptive field of 400 samples, 25 ms.
    assert receptive_field(*WAV2VEC2) == (400, 320)


def test_frames_of_convolutions_without_padding() -> None:
    grid = GRIDS["wav2vec 2.0"]
    for samples in (400, 401, 719, 720, 16000, 16001, 479999):
        length = samples
        for kernel, stride in zip(*WAV2VEC2, strict=True):
            length = (length - kernel) // stride + 1
        assert grid.count(samples) == length
    assert grid.count(1) == 1


@pytest.mark.parametrize("name", GRIDS)
def test_windows_give_every_frame_once_and_fit_the_model(name: str) -> None:
    grid = GRIDS[name]
    full = grid.window_samples
    for samples in (1, full // 3, full - 1, full, full + 1, full * 5 // 4, 2 * full + 7, 9 * full):
        frames = []
        for window in grid.windows(samples):
            assert 0 <= window.start < window.stop <= samples
            assert window.stop - window.start <= full
            first = round(window.start / grid.hop)
            assert abs(window.start - first * grid.hop) <= 0.5
            # What is kept, the window has.
            assert window.skipped >= 0
            assert window.skipped + window.kept <= grid.window_frames
            frames += range(first + window.skipped, first + window.skipped + window.kept)
        assert frames == list(range(grid.count(samples)))


@pytest.mark.parametrize("name", ["wav2vec 2.0", "whisper", "ast", "clap"])
def test_kept_frames_have_neighbours_on_both_sides(name: str) -> None:
    grid = GRIDS[name]
    margin = grid.window_frames // 6
    windows = list(grid.windows(5 * grid.window_samples + 12345))
    assert len(windows) > 5
    for window in windows[1:]:
        assert window.skipped >= margin
    for window in windows[:-1]:
        assert grid.window_frames - window.skipped - window.kept >= margin


def test_times_lie_within_the_clip() -> None:
    for grid in GRIDS.values():
        for samples in (1, 100, 5000, 123456):
            times = grid.times_ms(samples, 16000)
            assert len(times) == grid.count(samples)
            assert times == sorted(times)
            assert times[0] >= 0 and times[-1] <= samples / 16
    assert GRIDS["wav2vec 2.0"].times_ms(16000, 16000)[:2] == [12.46875, 32.46875]
