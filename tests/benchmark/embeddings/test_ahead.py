"""What is done ahead is done in order, and ends with the first failure."""

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmark.embeddings import ahead
from benchmark.embeddings.ahead import embed_ahead, readers
from benchmark.embeddings.batches import Chunk, Clip
from benchmark.embeddings.cache import CacheEntry
from benchmark.embeddings.embed import embed_task, samples_at_once
from benchmark.models.hear_module import load_hear_module
from benchmark.tasks.task import read_task
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_event_task

MEMORY: Any = SimpleNamespace(bytes=7)


class Embedder:
    """Embeds a chunk by its first clip's name, on whatever thread."""

    samples = 5

    def __init__(self, elsewhere: bool) -> None:
        self.hear = SimpleNamespace(is_elsewhere=elsewhere, room=lambda samples: None)
        self.begun: list[str] = []
        self.threads: set[threading.Thread] = set()
        self.taken = [threading.Event() for _ in range(4)]

    def chunks(self) -> Iterator[list[Clip]]:
        for number in range(4):
            self.taken[number].set()
            yield [(str(number), np.zeros(1, np.float32))]

    def embed_chunk(self, chunk: Chunk) -> list[str]:
        name = chunk.clips[0][0]
        self.begun.append(name)
        self.threads.add(threading.current_thread())
        return [name]


def test_the_next_chunk_is_taken_while_one_is_embedded() -> None:
    class Waiting(Embedder):
        def embed_chunk(self, chunk: Chunk) -> list[str]:
            following = int(chunk.clips[0][0]) + 1
            assert following == 4 or self.taken[following].wait(5.0)
            return super().embed_chunk(chunk)

    embedder: Any = Waiting(elsewhere=True)
    found = list(embed_ahead(embedder, embedder.chunks(), MEMORY))
    assert [chunk.embedded for chunk in found] == [["0"], ["1"], ["2"], ["3"]]
    assert [(chunk.batch_samples, chunk.peak_memory_bytes) for chunk in found] == [(5, 7)] * 4
    assert threading.current_thread() not in embedder.threads


def test_nothing_begins_behind_a_failure() -> None:
    class Failing(Embedder):
        def embed_chunk(self, chunk: Chunk) -> list[str]:
            found = super().embed_chunk(chunk)
            if found == ["1"]:
                raise ValueError("no")
            return found

    embedder: Any = Failing(elsewhere=True)
    embedding = embed_ahead(embedder, embedder.chunks(), MEMORY)
    assert next(embedding).embedded == ["0"]
    with pytest.raises(ValueError, match="no"):
        next(embedding)
    assert embedder.begun == ["0", "1"]


def test_an_interrupt_ends_the_module_and_what_waits_behind_it() -> None:
    closed = threading.Event()

    class Busy(Embedder):
        def chunks(self) -> Iterator[list[Clip]]:
            for number in range(2):
                yield [(str(number), np.zeros(1, np.float32))]
            raise KeyboardInterrupt

        def embed_chunk(self, chunk: Chunk) -> list[str]:
            if self.begun:
                assert closed.wait(5.0)
            return super().embed_chunk(chunk)

    embedder: Any = Busy(elsewhere=True)
    embedder.hear.close = closed.set
    embedding = embed_ahead(embedder, embedder.chunks(), MEMORY)
    assert next(embedding).embedded == ["0"]
    with pytest.raises(KeyboardInterrupt):
        next(embedding)
    assert closed.is_set()


def test_a_module_of_this_process_is_called_on_its_thread() -> None:
    embedder: Any = Embedder(elsewhere=False)
    assert len(list(embed_ahead(embedder, embedder.chunks(), MEMORY))) == 4
    assert embedder.threads == {threading.current_thread()}


def test_a_gpu_has_more_readers_and_larger_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "usable_cores", lambda: 12)
    assert (readers("cpu"), readers("cuda:1")) == (2, 12)
    cpu: Any = SimpleNamespace(device="cpu", sample_rate=16000)
    gpu: Any = SimpleNamespace(device="cuda", sample_rate=16000)
    assert samples_at_once(gpu) == 8 * samples_at_once(cpu)


def test_reading_ahead_changes_no_bit(
    tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    task = read_task(write_event_task(tmp_path, clips=6))
    hear = load_hear_module(write_module(modules))
    few = CacheEntry.of("few", "task", {})
    embed_task(hear, task, few)
    monkeypatch.setattr(ahead, "READERS", 16)
    monkeypatch.setattr(ahead, "CLIPS_AHEAD", 100)
    many = CacheEntry.of("many", "task", {})
    embed_task(hear, task, many)
    for path in few.folder.glob("*.npy"):
        assert path.read_bytes() == (many.folder / path.name).read_bytes()
