"""Functions whose shapes never change, as CUDA graphs: a GPU gets one launch for all kernels.

At a batch of 64 a training step of two thousand kernels took 49 ms on an H200, most of it to start
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from msssl_common.cuda_graphs import recording
from msssl_common.messages import is_out_of_memory, one_printable_line, say

Outputs = Sequence[Tensor]
Program = Callable[[], Outputs]

WARM_UP = 3
"""Calls before the recording: libraries choose their algorithms and memory, the optimiser its
state. They are calls like all others, and on a stream of their own (torch's notes on CUDA graphs).
"""

TOLERANCE = 0.05
"""Between the replayed and the called function, relative: sums on a GPU come in any order, and the
optimiser makes a step of a gradient however small; a wrong graph is wrong by more."""


class Player(Protocol):
    """What runs a program, records it and repeats it."""

    def warm(self, program: Program) -> Outputs:
        """Run it before it is recorded."""

    def record(self, program: Program, generators: Sequence[torch.Generator]) -> None:
        """Keep what it does to tensors; nothing is done yet."""

    def replay(self) -> Outputs:
        """Do what was recorded, in the same tensors."""


class CudaPlayer:
    """A CUDA graph."""

    def __init__(self, device: torch.device) -> None:
        """Make the stream.

        Args:
            device: A CUDA device.
        """
        self.device = device
        self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self.graph = torch.cuda.CUDAGraph()
        self.outputs: Outputs = ()

    def warm(self, program: Program) -> Outputs:
        """Run it on the stream."""
        current = torch.cuda.current_stream(self.device)
        self.stream.wait_stream(current)
        with torch.cuda.stream(self.stream):
            outputs = program()
        current.wait_stream(self.stream)
        return outputs

    def record(self, program: Program, generators: Sequence[torch.Generator]) -> None:
        """Capture it; draws of the generators follow their seeds when it is replayed."""
        current = torch.cuda.current_stream(self.device)
        try:
            with recording(self.graph, self.stream, generators):
                self.outputs = program()
        finally:  # where a capture fails, torch stays on its stream
            torch.cuda.set_stream(current)

    def replay(self) -> Outputs:
        """Launch the graph on the current stream."""
        self.graph.replay()
        return self.outputs


class CpuPlayer:
    """Plays the graph on a CPU: calls the program again, which finds its inputs where they were."""

    def warm(self, program: Program) -> Outputs:
        """Call it."""
        return program()

    def record(self, program: Program, generators: Sequence[torch.Generator]) -> None:
        """Remember it."""
        self.program = program

    def replay(self) -> Outputs:
        """Call it."""
        return self.program()


def make_player(device: torch.device) -> Player:
    """A CUDA graph on a CUDA device."""
    return CudaPlayer(device) if device.type == "cuda" else CpuPlayer()


class Replayed:
    """A function of tensors that is recorded after its first calls, and replayed from then on.

    The first replay is done twice, also by the plain function. Where the two disagree, or nothing
    can be recorded, a sentence says so, and the function is called each time.

    Attributes:
        failed: Whether it is.
    """

    def __init__(
        self,
        function: Callable[..., Outputs],
        name: str,
        device: torch.device,
        generators: dict[str, torch.Generator] | None = None,
        written: Callable[[], Sequence[Tensor]] = tuple,
    ) -> None:
        """Record nothing yet.

        Args:
            function: Of tensors of fixed shapes. It neither waits for the device nor depends on
                anything that changes from call to call, but for its inputs, tensors that it writes
                to in place and the generators' seeds.
            name: What it is, for a message.
            device: Where it runs.
            generators: That it draws from, seeded anew before each call; others take their place
                where the recording fails.
            written: The tensors that it writes to.
        """
        self.function, self.name, self.device = function, name, device
        self.generators = {} if generators is None else generators
        self.written = written
        self.player: Player = make_player(device)
        self.inputs: tuple[Tensor, ...] = ()
        self.calls = 0
        self.failed = False

    def __call__(self, *inputs: Tensor) -> Outputs:
        """Call or replay it.

        Args:
            inputs: On any device; the shapes are those of the first call.

        Returns:
            What the function returns; the next call may overwrite it.
        """
        if not self.inputs:
            self.inputs = tuple(torch.empty_like(given, device=self.device) for given in inputs)
        for own, given in zip(self.inputs, inputs, strict=True):
            if own.shape != given.shape:
                raise ValueError(f"{self.name}: shape {given.shape}, but it began with {own.shape}")
            own.copy_(given, non_blocking=True)
        self.calls += 1
        if self.failed:
            return self._program()
        if self.calls <= WARM_UP:
            return self.player.warm(self._program)
        if self.calls == WARM_UP + 1:
            return self._record()
        return self.player.replay()

    def _program(self) -> Outputs:
        return self.function(*self.inputs)

    def _record(self) -> Outputs:
        """Record, replay, go back, and call; what the call gave is what counts."""
        before = [tensor.clone() for tensor in self.written()]
        outputs: Outputs | None = None
        try:
            self.player.record(self._program, tuple(self.generators.values()))
            replayed = [tensor.clone() for tensor in self.player.replay()]
            left = [tensor.clone() for tensor in self.written()]
            self._go_back(before)
            outputs = self.player.warm(self._program)
            difference = max(
                apart(replayed, outputs), apart(moved(left, before), moved(self.written(), before))
            )
            why = "" if difference <= TOLERANCE else f"its numbers are {difference:.1e} apart"
        except Exception as error:  # of CUDA, of Triton, or of a library that waits for the device
            outputs = None
            why = one_printable_line(error, 300)
            if is_out_of_memory(error):
                why = "not enough memory for the graph and its comparison"
        if why:
            self.failed = True
            self.player = make_player(self.device)  # frees the graph and its memory
            say(f"{self.name}: without CUDA graph, slower but the same ({why})", err=True)
        if outputs is None:
            self._go_back(before, anew=True)
            # Not on the player's stream, which may still be in the recording.
            outputs = self._program()
        return outputs

    def _go_back(self, before: Sequence[Tensor], anew: bool = False) -> None:
        for tensor, old in zip(self.written(), before, strict=True):
            tensor.copy_(old)
        self._begin_draws_again(anew)

    def _begin_draws_again(self, anew: bool) -> None:
        """Seed the generators as before the replay; those of a failed recording may stay in it."""
        for name, generator in self.generators.items():
            if anew:
                self.generators[name] = torch.Generator(self.device)
            self.generators[name].manual_seed(generator.initial_seed())


def moved(after: Sequence[Tensor], before: Sequence[Tensor]) -> list[Tensor]:
    """By how much; counters of steps, which are scalars, would drown the rest."""
    return [new - old for new, old in zip(after, before, strict=True) if new.ndim]


def apart(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> float:
    """Length of the difference of all numbers together, over the length of what is wanted."""
    pairs = [(f.double(), w.double()) for f, w in zip(found, wanted, strict=True)]
    difference = sum(float((f - w).square().sum()) for f, w in pairs)
    length = sum(float(w.square().sum()) for _, w in pairs)
    return 0.0 if difference == 0 else (difference / length) ** 0.5 if length else float("inf")
