"""Audio that is written where the worker sees it: not sent, not overwritten too early."""

import mmap
import socket
import time
from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from benchmark.embeddings.ahead import embed_ahead
from benchmark.embeddings.batches import BatchEmbedder, Clip
from benchmark.models.worker.inside import wire
from benchmark.models.worker.inside.runner import Runner
from benchmark.models.worker.messages import Connection

SHARED = 1 << 16  # bytes
HALF = SHARED // 2
LENGTHS = ([1, 1600, 1600, 801], [801], [3200, 1, 1600], [9600] * 2, [1600])  # samples, by chunk


class Ends:
    """Both ends of a connection, in one process."""

    def __init__(self) -> None:
        self._sockets = socket.socketpair()
        self.memory = mmap.mmap(-1, SHARED)
        self.ours = Connection(self._sockets[0], lambda: True, self.memory)

    def passed(self, array: np.ndarray) -> tuple[dict, np.ndarray]:
        self.ours.send({}, [array], time.monotonic() + 5)
        received = wire.receive(self._sockets[1], self.memory)
        assert received is not None
        return received[0], received[1][0]

    def answered(self, header: dict, array: np.ndarray) -> np.ndarray:
        wire.send(self._sockets[1], self.memory, {}, [array], header["room"])
        return self.ours.receive(time.monotonic() + 5)[1][0]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ends = Ends()
    yield ends
    for end in ends._sockets:
        end.close()


def _chunks() -> list[list[Clip]]:
    generator = np.random.default_rng(0)
    return [
        [(f"{i}", generator.normal(size=n).astype(np.float32)) for i, n in enumerate(lengths)]
        for lengths in LENGTHS
    ]


def test_halves_take_turns_and_audio_is_not_sent(ends: Ends) -> None:
    rooms = [ends.ours.room(16) for _ in range(3)]
    assert all(room is not None for room in rooms)
    assert np.shares_memory(rooms[0], rooms[2])
    assert not np.shares_memory(rooms[0], rooms[1])
    rooms[1][:] = np.arange(16)
    header, audio = ends.passed(rooms[1].reshape(2, 8)[1:])
    assert header["arrays"][0]["at"] == 32
    np.testing.assert_array_equal(audio, [np.arange(8, 16)])
    _, seen = ends.passed(rooms[1])
    assert np.shares_memory(seen, np.frombuffer(ends.memory, np.uint8))


def test_a_reply_leaves_all_audio_as_it_was(ends: Ends) -> None:
    first = ends.ours.room(16)
    following = ends.ours.room(16)
    assert first is not None
    assert following is not None
    first[:], following[:] = 1, 2
    header, _ = ends.passed(first[:1])
    reply = np.full(HALF // 8 - 8, 3.0)  # all the room there is
    np.testing.assert_array_equal(ends.answered(header, reply), reply)
    assert (first == 1).all()
    assert (following == 2).all()


def test_what_has_no_room_is_sent(ends: Ends) -> None:
    assert ends.ours.room(HALF) is None
    large = np.arange(HALF, dtype=np.float32)
    header, received = ends.passed(large)
    assert header["arrays"][0]["at"] is None
    np.testing.assert_array_equal(received, large)
    np.testing.assert_array_equal(ends.answered(header, large), large)


@pytest.mark.parametrize("scene", [True, False])
def test_chunks_in_shared_memory_give_the_same_bits(write, foreign, scene: bool) -> None:
    hear = foreign(write())
    memory = SimpleNamespace(bytes=None)
    found = list(embed_ahead(BatchEmbedder(hear, scene, 10_000), _chunks(), memory))  # type: ignore[arg-type]
    assert len(found) == len(LENGTHS)
    for chunk in found:
        for clip, (rows, times) in zip(chunk.clips, chunk.embedded, strict=True):
            call = hear.scene if scene else hear.timestamps
            sent = call(_alone(clip))
            np.testing.assert_array_equal(rows, sent if scene else sent[0][0])
            if not scene:
                np.testing.assert_array_equal(times, sent[1][0])


def _alone(clip: Clip) -> torch.Tensor:
    return torch.from_numpy(clip[1][None].copy())


@pytest.mark.parametrize("result", [0, 1, RuntimeError("no such function")])
def test_memory_that_cannot_be_pinned_serves_as_well(result: int | Exception) -> None:
    """What a GPU would do, told by a torch of a few lines."""
    pinned: list[tuple[int, int]] = []

    def register(address: int, size: int, flags: int) -> int:
        pinned.append((address, size))
        if isinstance(result, Exception):
            raise result
        return result

    failed_call = SimpleNamespace(add_=lambda number: pinned.append((0, 0)))
    runner = Runner(mmap.mmap(-1, SHARED), Mock(), Mock())
    runner.device = "cuda:1"
    runner.torch = SimpleNamespace(
        cuda=SimpleNamespace(
            device=lambda device: nullcontext(),
            cudart=lambda: SimpleNamespace(cudaHostRegister=register),
        ),
        ones=lambda size, device: failed_call,
    )
    runner._pin_shared_memory()
    assert pinned[0][1] == SHARED
    assert len(pinned) == (2 if result == 1 else 1)  # the error is taken by a call of ours
    runner._pin_shared_memory()
    assert len(pinned) == (2 if result == 1 else 1)
