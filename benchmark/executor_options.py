"""``msbench run --executor``: who fills the cells. Light, as `benchmark.cli_options`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeVar

import click

if TYPE_CHECKING:
    from benchmark.run import Executor

ExecutorName = Literal["local", "ray"]
C = TypeVar("C", bound=Callable[..., object])

OPTIONS = (
    click.option(
        "--executor",
        type=click.Choice(["local", "ray"]),
        default="local",
        show_default=True,
        help="Who does the work: this process, or a Ray cluster (pip install 'msssl-hear[ray]').",
    ),
    click.option(
        "--address",
        metavar="auto|HOST:PORT",
        help="With --executor ray: the cluster.  [default: one is started on this machine]",
    ),
    click.option(
        "--task-cpus",
        type=click.IntRange(min=1),
        metavar="N",
        help="With --executor ray: cores that a task takes, and threads it uses.  [default: the "
        "threads of a local run, on which bits may depend]",
    ),
    click.option(
        "--task-gpus",
        type=click.FloatRange(min=0, min_open=True),
        metavar="N",
        help="With --executor ray --device cuda: GPUs that a task takes, or a share of one.  "
        "[default: 1]",
    ),
)


def executor_options(command: C) -> C:
    """Add the options of this file to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def chosen_executor(
    name: ExecutorName, address: str | None, cpus: int | None, gpus: float | None
) -> Executor:
    """The executor that the options ask for. Heavy: to be called inside a command.

    Raises:
        ValueError: An option that the executor does not have.
    """
    if name == "ray":
        from benchmark.runner.ray.executor import RayExecutor

        return RayExecutor(address, cpus, gpus or 1.0)
    for option, value in (("address", address), ("task-cpus", cpus), ("task-gpus", gpus)):
        if value is not None:
            raise ValueError(f"--{option} is for --executor ray")
    from benchmark.runner.local import run_locally

    return run_locally
