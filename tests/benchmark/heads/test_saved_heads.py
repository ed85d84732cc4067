"""Heads of an unfinished task come back as they were, or not at all."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmark.events.postprocessing import Postprocessing
from benchmark.heads.grid import GridPoint
from benchmark.heads.head import Head
from benchmark.heads.saved_heads import SavedHeads
from benchmark.heads.trained_head import TrainedHead

POINT = GridPoint(1, 8, 0.1, 1e-3, 1, 10, 1, 64, "xavier_normal_")


def _trained(postprocessing: Postprocessing | None = None) -> TrainedHead:
    curve = ((3, 0.25), (7, 0.5))
    return TrainedHead(Head(4, 3, POINT).eval(), POINT, 0.5, 7, postprocessing, 1.5, curve)


@pytest.mark.parametrize("postprocessing", [None, Postprocessing(250, 125)])
def test_a_head_and_the_random_state_come_back(
    tmp_path: Path, postprocessing: Postprocessing | None
) -> None:
    saved, trained = SavedHeads(tmp_path / "heads"), _trained(postprocessing)
    torch.manual_seed(5)
    saved.save("test-0", trained)
    drawn = torch.rand(3)
    torch.manual_seed(6)
    again = saved.load("test-0", POINT)
    assert torch.equal(torch.rand(3), drawn)
    assert again is not None
    assert replace(again, head=trained.head) == trained
    rows = torch.rand(5, 4)
    assert torch.equal(again.head(rows), trained.head(rows))
    assert not again.head.training


def test_what_does_not_fit_or_cannot_be_read_counts_as_absent(tmp_path: Path) -> None:
    saved = SavedHeads(tmp_path)
    assert saved.load("test-0", POINT) is None
    saved.save("test-0", _trained())
    assert saved.load("test-0", replace(POINT, lr=1.0)) is None
    path = tmp_path / "test-0.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    assert saved.load("test-0", POINT) is None


def test_without_a_folder_nothing_is_kept() -> None:
    saved = SavedHeads(None)
    saved.save("test-0", _trained())
    assert saved.load("test-0", POINT) is None
    saved.remove()


def test_a_run_that_ends_first_does_no_harm_to_another(tmp_path: Path) -> None:
    saved, trained, done = SavedHeads(tmp_path / "heads"), _trained(), threading.Event()

    def remove_again_and_again() -> None:
        while not done.is_set():
            saved.remove()

    other = threading.Thread(target=remove_again_and_again)
    other.start()
    try:
        for index in range(300):
            saved.save(f"test-{index}", trained)
    finally:
        done.set()
        other.join()
