"""A run on several devices of this machine, a process each: `benchmark.runner.cells.Executor`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType

import torch

from benchmark.embeddings.cache import CacheEntry
from benchmark.runner.cells import FinishedCells
from benchmark.runner.parallel.cells import Cells, TaskProgress
from benchmark.runner.parallel.device_process import DeviceProcess, ProcessLostError
from benchmark.runner.parallel.tasks import ModuleSpec, Outcome, Place
from benchmark.runner.plan import RunPlan

RETRIES = 3
PAIRS_PER_DEVICE = 2  # modules and tasks in work: one embeds while the heads of another train


@dataclass(frozen=True)
class DevicesExecutor:
    """Fills the cells of a run, several at a time: splits are embedded and heads trained by turns.

    Attributes:
        devices: Torch devices of one kind; one that is named twice has two processes.
    """

    devices: Sequence[str]

    def __call__(self, plan: RunPlan, finished: FinishedCells) -> None:
        """Fill every cell of a run.

        Args:
            plan: What to run, on a device of that kind.
            finished: Takes the cells.
        """
        progress = TaskProgress(finished, f"on {len(self.devices)} devices")
        progress.say(f"A process for each of {', '.join(self.devices)}")
        place = Place.here(torch.get_num_threads())
        with DeviceWork(self.devices, place, progress.say, progress.count) as work:
            at_once = PAIRS_PER_DEVICE * len(self.devices)
            asyncio.run(Cells(plan, progress, work, at_once, by_stage=False).fill())


class DeviceWork:
    """Hands each task to the first device that is free, best to one that has what it is about.

    Args:
        devices: See `DevicesExecutor`.
        place: What the processes have in common with this one.
        say: Takes a line to show.
        count: Called with (tasks done, tasks so far) whenever either has changed.
    """

    def __init__(
        self,
        devices: Sequence[str],
        place: Place,
        say: Callable[[str], None],
        count: Callable[[int, int], None],
    ) -> None:
        self._place = place
        self._say = say
        self._count = count
        self._processes = [DeviceProcess(device) for device in devices]
        self._free = list(self._processes)
        self._turns = asyncio.Semaphore(len(devices))
        self._threads = ThreadPoolExecutor(len(devices), "device")
        self._done = 0
        self._begun = 0

    def __enter__(self) -> DeviceWork:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the processes; at once, if the run was stopped."""
        for process in self._processes:
            if kind is None:
                process.dismiss()
            else:
                process.kill()
        for process in self._processes:
            process.close()
        self._threads.shutdown()

    async def do(
        self, name: str, function: Callable[..., object], *arguments: object, gpu: bool = True
    ) -> Outcome:
        """Have a task done; if its process dies, it is done again, up to `RETRIES` times.

        Args:
            name: What it is called in messages.
            function: Of `benchmark.runner.parallel.tasks`.
            arguments: For it.
            gpu: Whether it needs the device. It has one in any case.
        """
        self._begun += 1
        self._count(self._done, self._begun)
        try:
            async with self._turns:
                process = self._chosen(arguments)
                try:
                    return await self._tried(process, name, function, arguments)
                finally:
                    self._free.append(process)
        finally:
            self._done += 1
            self._count(self._done, self._begun)

    def _chosen(self, arguments: tuple[object, ...]) -> DeviceProcess:
        """A free process: one that holds the task's module or embeddings, if there is one."""
        about = next((a for a in arguments if isinstance(a, ModuleSpec | CacheEntry)), None)
        holding = [process for process in self._free if about and process.last == about]
        process = (holding or self._free)[0]
        self._free.remove(process)
        if about:
            process.last = about
        return process

    async def _tried(
        self,
        process: DeviceProcess,
        name: str,
        function: Callable[..., object],
        arguments: tuple[object, ...],
    ) -> Outcome:
        loop = asyncio.get_running_loop()
        lost = ""
        for attempt in range(1 + RETRIES):
            if attempt:
                self._say(f"{name}: {lost}; it is done again")
            work = loop.run_in_executor(self._threads, process.do, self._place, function, arguments)
            try:
                return await work
            except ProcessLostError as error:
                lost = str(error)
        return Outcome(reason=f"{name} was tried {1 + RETRIES} times; the last time, {lost}")
