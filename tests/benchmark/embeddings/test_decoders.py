"""Clips that processes decode are those that this process reads."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.embeddings import decoders
from benchmark.embeddings.decoders import are_worth_it, decode_ahead
from benchmark.tasks.audio import read_clip
from benchmark.tasks.labels import read_clips
from benchmark.tasks.task import Task, read_task
from msssl_common.workers import exit_with_parent
from tests.benchmark.tiny_tasks import RATE, write_event_task

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="Linux has it")


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    monkeypatch.setattr(decoders, "CLIPS_AT_ONCE", 3)
    monkeypatch.setattr(decoders, "usable_cores", lambda: 1)
    return read_task(write_event_task(tmp_path, clips=8))


def _decoded(task: Task) -> list[tuple[str, Any]]:
    files = list(read_clips(task, "train"))
    return [*decode_ahead(task, "train", files, RATE, 8)]


def _is_whole(task: Task, found: list[tuple[str, Any]]) -> None:
    assert [file for file, _ in found] == list(read_clips(task, "train"))
    for file, audio in found:
        np.testing.assert_array_equal(audio, read_clip(task, "train", file, RATE))


def test_clips_come_in_order_and_whole(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    with ProcessPoolExecutor(1, get_context("spawn"), exit_with_parent) as pool:
        monkeypatch.setattr(decoders, "_pool", lambda processes: pool)
        with monkeypatch.context() as patched:  # all is done by the process
            patched.setattr(decoders, "_read", None)
            _is_whole(task, _decoded(task))
        bad = task.folder / str(RATE) / "train" / "train4.wav"
        whole = bad.read_bytes()
        bad.write_bytes(whole[:100])
        files, read = list(read_clips(task, "train")), []
        with pytest.raises(ValueError, match=r"train4\.wav was cut"):
            for file, _ in decode_ahead(task, "train", files, RATE, 8):
                read.append(file)
        assert read == files[: files.index("train4.wav")]
        bad.write_bytes(whole)
        with pytest.raises(Exception, match="terminated abruptly"):
            pool.submit(os.kill, pool.submit(os.getpid).result(), signal.SIGKILL).result()
        _is_whole(task, _decoded(task))  # by this process


@pytest.mark.parametrize(
    ("device", "clips", "cores", "worth"),
    [
        ("cuda", 1000, 16, True),
        ("cuda:1", 999, 16, False),
        ("cuda", 1000, 2, False),
        ("cpu", 10**6, 64, False),
    ],
)
def test_processes_are_for_a_gpu_and_many_clips(
    monkeypatch: pytest.MonkeyPatch, device: str, clips: int, cores: int, worth: bool
) -> None:
    monkeypatch.setattr(decoders, "usable_cores", lambda: cores)
    assert are_worth_it(device, clips) == worth
