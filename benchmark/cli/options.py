"""What the commands of ``msbench`` share: options, exit statuses, one-line errors.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, ParamSpec, TypeVar, get_args

import click

from benchmark.protocol import GRID_POINTS, SEED, Mode, Protocol
from msssl_common.devices import DEVICE_HELP, DEVICES_HELP, resolve_devices
from msssl_common.finite_numbers import FiniteRange
from msssl_common.messages import explain_error, is_out_of_memory, say

if TYPE_CHECKING:
    from benchmark.runner.cells import Executor


SOME_FAILED = 1
USAGE = 2
LARGEST_SEED: Final = 2**63 - 1  # that torch takes
INTERRUPTED = 130  # as shells report SIGINT
TASKS_DIR: Final = Path("tasks")
SAMPLE_RATES: Final = ("16000", "22050", "32000", "44100", "48000")  # Hz, those of the HEAR API

P = ParamSpec("P")
R = TypeVar("R")


def report_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn an error into one line on stderr and an exit status, unless ``--debug``."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (ValueError, OSError, MemoryError, RuntimeError) as error:
            expected = not isinstance(error, RuntimeError) or is_out_of_memory(error)
            if kwargs.get("debug") or not expected:
                raise
            say(f"Error: {explain_error(error)}", err=True)
            sys.exit(USAGE)
        except KeyboardInterrupt:
            say("Stopped: run the same command again to resume.", err=True)
            sys.exit(INTERRUPTED)

    return wrapped


def said_device(device: str) -> str:
    """The device that ``--device`` stands for; what ``auto`` found is said in a line.

    Raises:
        ValueError: There is no such device.
    """
    if "," in device:
        raise ValueError(f"--device {device!r} names several devices; name one here")
    return said_devices(device)


def said_devices(device: str) -> str:
    """The same of one device or several, with commas between them.

    Raises:
        ValueError: There is no such device.
    """
    found = ",".join(resolve_devices(device))
    if device == "auto" and found != "cpu":
        say(f"Device: {found} (--device cpu for the processor)", err=True)
    return found


def names(context: click.Context, parameter: click.Parameter, value: str | None) -> list[str]:
    """Names with commas between them."""
    return [name.strip() for name in (value or "").split(",") if name.strip()]


tasks_dir_option = click.option(
    "--tasks-dir",
    type=click.Path(path_type=Path),
    help="Folder of tasks in HEAR's format, or one task.  [default: the embedded suite]",
)
tasks_option = click.option(
    "--tasks", callback=names, metavar="NAME,...", help="Only these tasks.  [default: all]"
)
grid_option = click.option(
    "--grid",
    type=click.Choice(["default", "fast", "faster"]),
    default="default",
    show_default=True,
    help="Hyperparameters to try for the heads: default is HEAR's published grid, the others are "
    "quicker.",
)
mode_option = click.option(
    "--mode",
    type=click.Choice(get_args(Mode)),
    default=Protocol.mode,
    show_default=True,
    help="exact: hear-eval-kit's arithmetic. fast: train a grid's heads together.",
)
results_folders_argument = click.argument(
    "folders",
    nargs=-1,
    required=True,
    metavar="DIR...",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)
strict_option = click.option(
    "--strict",
    is_flag=True,
    help="Correct upstream's faults in folds, error rates and chroma_acc, on which published "
    "numbers depend.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0, LARGEST_SEED),
    default=SEED,
    show_default=True,
    help="Seed of the heads; HEAR's is 42.",
)
grid_points_option = click.option(
    "--grid-points",
    type=click.IntRange(min=1),
    default=GRID_POINTS,
    show_default=True,
    help="Number of grid points to try.",
)
device_option = click.option(
    "--device", default="auto", show_default=True, metavar="DEVICE", help=DEVICE_HELP
)
devices_option = click.option(
    "--device", default="auto", show_default=True, metavar="DEVICE,...", help=DEVICES_HELP
)
debug_option = click.option("--debug", is_flag=True, help="Show the tracebacks of errors.")
env_option = click.option(
    "--env",
    multiple=True,
    metavar="[MODULE=]PYTHON",
    help="Run every MODULE, or the named module or package, in another Python, e.g. "
    "venv/bin/python. msssl-hear need not be installed there. May be given several times.",
)
env_timeout_option = click.option(
    "--env-timeout",
    type=FiniteRange(min=0, min_open=True),
    default=1800.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest time of one call in another Python.",
)
in_process_option = click.option(
    "--in-process",
    is_flag=True,
    help="Load modules into this process, for a debugger; otherwise each has a process of its own, "
    "and what it does there touches its row alone.",
)


ExecutorName = Literal["local", "ray"]

EXECUTOR_OPTIONS = (
    click.option(
        "--executor",
        type=click.Choice(["local", "ray"]),
        default="local",
        show_default=True,
        help="Where to run: in this process, or on a Ray cluster (pip install 'msssl-hear[ray]').",
    ),
    click.option(
        "--address",
        metavar="auto|HOST:PORT",
        help="With --executor ray: the cluster.  [default: start one on this machine]",
    ),
    click.option(
        "--task-cpus",
        type=click.IntRange(min=1),
        metavar="N",
        help="With --executor ray: cores and threads of each task.  [default: the threads of a "
        "local run, so that results are equal to the bit]",
    ),
    click.option(
        "--task-gpus",
        type=FiniteRange(min=0, min_open=True),
        metavar="N",
        help="With --executor ray --device cuda: GPUs of each task, or a share of one.  "
        "[default: 1]",
    ),
)


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
