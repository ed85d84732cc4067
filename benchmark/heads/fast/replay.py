"""Work on a GPU that is recorded once and then replayed: a CUDA graph in place of many starts.

A training step of a stack is some fifty operations, and most of them take less time than Python
takes to start them. A graph starts all of them at once. It repeats the same operations on the same
memory: what is recorded must make no decision, take no new number from Python and put no tensor in
a new place, and must not wait for the device. Whether all of that holds is checked at every
recording.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import torch
from torch import Tensor

from benchmark.heads.fast.stack import HeadStack
from msssl_common.cuda_graphs import recording
from msssl_common.messages import one_printable_line

TOLERANCE = 0.1
"""Of the change that the plain work makes to a tensor, by how much a replay may differ.

The same operations give the same bits. Should a product be computed in another order in a graph,
bfloat16 rounds otherwise, and Adam's steps follow; other dropout masks alone would differ by more.
"""

Work = Callable[[], None]
Recorder = Callable[[Work, Sequence[Tensor]], Work]
"""Does work once that changes some tensors, and returns what does it again."""


class Replayed:
    """Work that is done as it stands at first, then recorded, and replayed from then on.

    The first time readies what a recording cannot: it loads kernels and makes workspaces.

    Args:
        work: What is done at every call.
        record: Records it; None to do it as it stands every time.
        changed: Gives the tensors that it changes and that count afterwards, once it was done.
    """

    def __init__(
        self, work: Work, record: Recorder | None, changed: Callable[[], Sequence[Tensor]]
    ) -> None:
        self._work = work
        self._record = record
        self._changed = changed
        self._again: Work | None = None
        self._done = False

    def __call__(self) -> None:
        """Do the work."""
        if self._again is not None:
            self._again()
        elif self._record is not None and self._done:
            self._again = self._record(self._work, self._changed())
        else:
            self._work()
            self._done = True


class GraphRecorder:
    """Records a stack's work, and compares the first replay with the work as it stands.

    Where a recording fails, or its replay differs, this work and all that follows is done as it
    stands, after a warning.

    Args:
        stack: Its dropout masks are drawn anew at every replay.
        capture: Makes what repeats work, given the generator that the work draws from. The work is
            undone afterwards, if it was done.
    """

    def __init__(self, stack: HeadStack, capture: Callable[[Work, torch.Generator], Work]) -> None:
        self._stack = stack
        self._capture = capture
        self._failed = False

    def __call__(self, work: Work, changed: Sequence[Tensor]) -> Work:
        """Record work, check it, and do it once."""
        if self._failed:
            work()
            return work
        tensors = list(changed)
        before, state = _copies(tensors), self._stack.generator.get_state()
        again = self._captured(work)
        torch._foreach_copy_(tensors, before)
        self._stack.generator.set_state(state)
        work()
        if again is None:
            return work
        plain, drawn = _copies(tensors), self._stack.generator.get_state()
        torch._foreach_copy_(tensors, before)
        self._stack.generator.set_state(state)
        again()
        now = self._stack.generator.get_state()
        if _agree(tensors, plain, before) and torch.equal(now, state) == torch.equal(drawn, state):
            return again
        self._give_up("its first replay did not give what the plain operations gave")
        torch._foreach_copy_(tensors, plain)
        self._stack.generator.set_state(drawn)
        return work

    def _captured(self, work: Work) -> Work | None:
        """What repeats the work; None where it cannot be recorded."""
        try:
            return self._capture(work, self._stack.generator)
        except (RuntimeError, AttributeError, TypeError) as error:  # an older torch lacks parts
            self._give_up(one_printable_line(error))
            # The old generator may still wait for the end of the recording.
            self._stack.generator = torch.Generator(self._stack.generator.device)
            return None

    def _give_up(self, reason: str) -> None:
        self._failed = True
        warnings.warn(
            f"Heads train more slowly, without CUDA graphs, for one is of no use: {reason}.",
            RuntimeWarning,
            stacklevel=4,
        )


def _copies(tensors: Sequence[Tensor]) -> list[Tensor]:
    return [tensor.clone() for tensor in tensors]


def _agree(found: Sequence[Tensor], wanted: Sequence[Tensor], before: Sequence[Tensor]) -> bool:
    """Whether all tensors changed as they should; NaN counts as 0, infinity as 1."""
    verdicts = []
    for one, other, old in zip(found, wanted, before, strict=True):
        one, other, old = (
            tensor.double().nan_to_num(0.0, 1.0, -1.0) for tensor in (one, other, old)
        )
        allowed = TOLERANCE * (other - old).norm()
        verdicts.append((one - other).norm() <= allowed)
    return bool(torch.stack(verdicts).all())


class GraphCapture:
    """Makes CUDA graphs, which share the memory of what they do not keep.

    Args:
        device: A CUDA device, whose current stream is not the default one (see `own_stream`).
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._last: torch.cuda.CUDAGraph | None = None  # keeps the memory for the next one

    def __call__(self, work: Work, generator: torch.Generator) -> Work:
        """A graph of the work, which is not done.

        Raises:
            RuntimeError: It cannot be recorded, or there is no memory for it.
        """
        graph = torch.cuda.CUDAGraph()
        stream = torch.cuda.current_stream(self._device)
        with recording(graph, stream, [generator], beside=self._last):
            work()
        self._last = graph
        return graph.replay


def recorder_for(stack: HeadStack) -> Recorder | None:
    """What records a stack's work on its device; None where there are no CUDA graphs."""
    device = stack.centre.device
    return GraphRecorder(stack, GraphCapture(device)) if device.type == "cuda" else None


def wait_for(device: torch.device) -> None:
    """Wait until a device has done all work of the current stream."""
    if device.type == "cuda":
        torch.cuda.current_stream(device).synchronize()


@contextmanager
def own_stream(device: torch.device) -> Iterator[None]:
    """Use a CUDA stream other than the default one, which cannot be recorded."""
    if device.type != "cuda":
        yield
        return
    before = torch.cuda.current_stream(device)
    own = _second_stream(before.device_index)
    own.wait_stream(before)
    with torch.cuda.stream(own):
        yield
    before.wait_stream(own)


@cache
def _second_stream(device: int) -> torch.cuda.Stream:
    """One per device: memory that is freed on a stream serves that stream alone."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
