"""A run on a Ray cluster, an `benchmark.runner.cells.Executor`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import torch

from benchmark.runner.cells import FinishedCells
from benchmark.runner.parallel.cells import Cells, TaskProgress
from benchmark.runner.parallel.tasks import Place
from benchmark.runner.plan import RunPlan
from benchmark.runner.ray.cluster import check_nodes, connected, demanded, resources, tasks_at_once
from benchmark.runner.ray.work import Work
from benchmark.tasks.task import Task

# Modules and tasks in work, per task that the cluster does at once: enough that some stage of them
# can always go on, and so few that cells are finished all along, not all at the end.
PAIRS_PER_TASK = 2

MORE_AT_ONCE = (
    "(as a local run here, to the bit; --task-cpus 1 has more tasks done at once, with the results "
    "of OMP_NUM_THREADS=1)"
)


@dataclass(frozen=True)
class RayExecutor:
    """Fills the cells of a run on a cluster; an `benchmark.runner.cells.Executor`.

    Attributes:
        address: HOST:PORT, "auto", or None to start Ray on this machine.
        cpus: Cores that a task takes, and threads it uses. None for the threads of a run in this
            process, so that results are the same to the bit, and as many cores.
        gpus: GPUs that a task takes in a run on CUDA.
    """

    address: str | None = None
    cpus: int | None = None
    gpus: float = 1.0

    def __call__(self, plan: RunPlan, finished: FinishedCells) -> None:
        """Fill every cell of a run.

        Args:
            plan: What to run.
            finished: Takes the cells.

        Raises:
            ValueError: Ray is not installed, or the run asks for what Ray decides.
            OSError: There is no cluster, or one of its nodes is not fit for the run.
        """
        if plan.device.startswith("cuda:"):
            raise ValueError(
                f"--device {plan.device}: under Ray each task is given a GPU; say --device cuda"
            )
        threads = self.cpus or torch.get_num_threads()
        place = Place.here(threads)
        paths = [task.folder.absolute() for task in plan.tasks if isinstance(task, Task)]
        progress = TaskProgress(finished, "on the cluster")
        with connected(self.address) as ray:
            if warning := check_nodes(ray, place, paths):
                progress.say(warning)
            demand = demanded(ray, threads, self.cpus, self.gpus if plan.device == "cuda" else 0)
            uses = f"{threads} thread{'s' * (threads > 1)}"
            progress.say(f"Ray: {resources(ray)}; a task takes {demand} and uses {uses}")
            if threads > 1 and not self.cpus:
                progress.say(MORE_AT_ONCE)
            work = Work(ray, place, demand, progress.say, progress.count)
            at_once = PAIRS_PER_TASK * tasks_at_once(ray, demand)
            asyncio.run(Cells(plan, progress, work, at_once).fill())
