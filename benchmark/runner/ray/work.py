"""Tasks handed to a cluster, and seen done even if the worker or its whole node is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import ModuleType

from benchmark.runner.parallel.tasks import Outcome, Place, do
from benchmark.runner.ray.cluster import Demand

RETRIES = 3
RETRY_SECONDS = 2.0  # a lock of a process whose node died goes when the process notices

LOST = {
    "NodeDiedError": "its node died",
    "WorkerCrashedError": "its process died",
    "OutOfMemoryError": "it was killed because its node ran out of memory",
}


class Work:
    """Hands tasks to a cluster.

    Args:
        ray: The connected module.
        place: What workers have in common with this process.
        demand: What a task asks a node for.
        say: Takes a line to show.
        count: Called with (tasks done, tasks so far) whenever either has changed.
    """

    def __init__(
        self,
        ray: ModuleType,
        place: Place,
        demand: Demand,
        say: Callable[[str], None],
        count: Callable[[int, int], None],
    ) -> None:
        self._ray = ray
        self._place = place
        self._demand = demand
        self._say = say
        self._count = count
        self._remote = ray.remote(do)
        self._done = 0
        self._begun = 0

    async def do(
        self, name: str, function: Callable[..., object], *arguments: object, gpu: bool = True
    ) -> Outcome:
        """Have a task done; what is lost on the way is done again, up to `RETRIES` times.

        Ray's own retries are off: they would be silent, and endless where memory runs out.

        Args:
            name: What it is called, in messages and by ``ray list tasks``.
            function: Of `benchmark.runner.parallel.tasks`.
            arguments: For it.
            gpu: Whether it needs the GPU of a run that has one.
        """
        self._begun += 1
        self._count(self._done, self._begun)
        try:
            return await self._tried(name, function, arguments, self._demand.gpus if gpu else 0)
        finally:
            self._done += 1
            self._count(self._done, self._begun)

    async def _tried(
        self, name: str, function: Callable[..., object], arguments: tuple[object, ...], gpus: float
    ) -> Outcome:
        errors = self._ray.exceptions
        remote = self._remote.options(
            name=name, num_cpus=self._demand.cpus, num_gpus=gpus, max_retries=0
        )
        lost = ""
        for attempt in range(1 + RETRIES):
            if attempt:
                self._say(f"{name}: {lost}; it is done again")
                await asyncio.sleep(RETRY_SECONDS)
            try:
                outcome: Outcome = await remote.remote(self._place, function, *arguments)
                return outcome
            except (errors.RayTaskError, errors.TaskCancelledError) as error:
                # `do` raises nothing: it could not be called there, or its result not be sent.
                return Outcome(reason=f"Ray cannot do {name}: {_last_line(error)}")
            except errors.RayError as error:
                lost = LOST.get(type(error).__name__, _last_line(error))
        return Outcome(reason=f"{name} was tried {1 + RETRIES} times; the last time, {lost}")


def _last_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else type(error).__name__
