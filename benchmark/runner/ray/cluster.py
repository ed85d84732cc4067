"""Connect to a Ray cluster or start one here, and check that its nodes can do the run's tasks."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmark.runner.parallel.tasks import NodeFacts, Place, node_facts
from benchmark.runner.provenance import versions
from msssl_common.workers import usable_cores

CONNECT_SECONDS = 5.0  # Ray itself tries for minutes
OBJECT_STORE_BYTES = 256 * 2**20  # of a cluster of our own: predictions of cells pass through it

# Set before Ray is imported, unless the user has set them.
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # otherwise it reports to its makers
    # What Ray prints of dying nodes; who is lost and tried again, we say.
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    "RAY_DEDUP_LOGS_ALLOW_REGEX": "(?!)",
    "RAY_worker_niceness": "0",  # 15 otherwise; of a cluster of our own
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # silences a warning of a change to come
}


@contextmanager
def connected(address: str | None) -> Iterator[ModuleType]:
    """The module ``ray``, connected; afterwards all tasks of this run are ended.

    Args:
        address: HOST:PORT of a cluster, "auto" for the one that this machine is a node of, or None
            to start one here for the run.

    Raises:
        ValueError: Ray is not installed, or the address is none that is understood.
        OSError: There is no cluster.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise ValueError(
            f"--executor ray needs Ray ({error}): pip install 'msssl-hear[ray]'."
        ) from error
    settings: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    if address is None:
        settings |= {
            "address": "local",
            "num_cpus": usable_cores(),
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE_BYTES,
        }
    else:
        settings["address"] = address
        _check_address(address)
    try:
        with _outside_of_user_folders():
            ray.init(**settings)
    except (OSError, RuntimeError, ValueError) as error:
        where = address or "on this machine"
        first = " ".join(str(error).split())[:300]
        if "uthentication" in f"{error} {error.__cause__}":
            first = "it wants a token; say RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN if need be"
        raise OSError(f"There is no Ray cluster to work with ({where}): {first}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


@contextmanager
def _outside_of_user_folders() -> Iterator[None]:
    """Be in the root folder for a moment.

    Ray puts the folder that it is started in at the head of its workers' path. There, a
    ``benchmark.py`` of the user's would stand in for our package. Tasks enter the user's folder
    themselves, see `Place.enter`.
    """
    folder = Path.cwd()
    os.chdir(folder.anchor)
    try:
        yield
    finally:
        os.chdir(folder)


def _check_address(address: str) -> None:
    """Check that a cluster answers at an address."""
    if "://" in address:
        raise ValueError(
            f"--address {address}: run msbench on a node of the cluster, with HOST:PORT or auto; "
            "Ray's client is not supported"
        )
    asked = os.environ.get("RAY_ADDRESS", address) if address == "auto" else address
    if asked == "auto":
        return
    host, _, port = asked.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"--address {asked} is neither HOST:PORT nor auto")
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise OSError(f"No Ray cluster answers at {asked}: {error}") from error


NODE_SECONDS = 120.0  # for a node to start a process that imports torch from busy shared storage
UNSEEN_SECONDS = 5.0  # these files were not looked for before
GONE_SECONDS = 60.0  # until the head of the cluster holds a silent node for dead: 30 s by default


@dataclass(frozen=True)
class Demand:
    """What a task asks a node for.

    Attributes:
        cpus: Cores.
        gpus: GPUs, or a share of one; 0 for tasks that need none.
    """

    cpus: int
    gpus: float

    def __str__(self) -> str:
        text = f"{self.cpus} CPU{'s' * (self.cpus != 1)}"
        return f"{text} and {self.gpus:g} GPU{'s' * (self.gpus != 1)}" if self.gpus else text


def demanded(ray: ModuleType, threads: int, cpus: int | None, gpus: float) -> Demand:
    """What tasks are to ask for.

    Args:
        ray: The module.
        threads: That a task uses.
        cpus: Cores that the user wants it to take; None for as many as it has threads, or as the
            largest node has.
        gpus: GPUs that it needs.

    Raises:
        OSError: No node has as much.
    """
    nodes = _nodes(ray)
    there = [(each.get("CPU", 0), each.get("GPU", 0)) for each in (n["Resources"] for n in nodes)]
    fitting = [c for c, g in there if g >= gpus]
    demand = Demand(cpus or max(1, min(threads, int(max(fitting, default=1)))), gpus)
    if not any(c >= demand.cpus for c in fitting):
        largest = Demand(int(max(c for c, _ in there)), max(g for _, g in there))
        raise OSError(
            f"No node of the Ray cluster has {demand}, which a task of this run asks for; the "
            f"largest has {largest}"
        )
    return demand


def tasks_at_once(ray: ModuleType, demand: Demand) -> int:
    """How many tasks of a demand the cluster can do at once."""
    count = 0
    for node in _nodes(ray):
        cpus, gpus = (node["Resources"].get(kind, 0) for kind in ("CPU", "GPU"))
        count += int(min(cpus / demand.cpus, gpus / demand.gpus if demand.gpus else cpus))
    return max(count, 1)


def check_nodes(ray: ModuleType, place: Place, paths: Sequence[Path]) -> str | None:
    """See that every node can do this run's tasks.

    Args:
        ray: The module.
        place: What they must have in common with this process.
        paths: Files and folders that they must see.

    Returns:
        What may make results depend on the node, if anything may.

    Raises:
        OSError: A node does not see a path, or has other versions.
    """
    nodes = _nodes(ray)
    place.cache.mkdir(parents=True, exist_ok=True)
    token = place.cache / f".{uuid.uuid4().hex}.part"  # a folder of the same name would not do
    token.touch()
    try:
        facts = _ask(ray, nodes, place, [token, *paths])
    finally:
        token.unlink()
    here = versions()
    for node in facts:
        if node.unseen:
            seen = place.cache if node.unseen == token else node.unseen
            raise OSError(
                f"Node {node.name} of the Ray cluster does not see {seen} as this machine does: "
                "put it on storage that all nodes share (MSBENCH_CACHE names the cache)"
            )
        if node.versions != here:
            raise OSError(
                f"Node {node.name} of the Ray cluster has {node.versions}, this machine {here}: "
                "install the same on all"
            )
    kinds = sorted({node.machine for node in facts})
    if len(kinds) > 1:
        return (
            f"The nodes differ ({'; '.join(kinds)}): the last digits of scores may depend on which "
            "did what"
        )
    return None


def resources(ray: ModuleType) -> str:
    """What the cluster has, e.g. "2 nodes with 2 CPUs"."""
    nodes = _nodes(ray)
    has = [node["Resources"] for node in nodes]
    sums = [sum(each.get(kind, 0) for each in has) for kind in ("CPU", "GPU")]
    return f"{len(nodes)} node{'s' * (len(nodes) > 1)} with {Demand(int(sums[0]), sums[1])}"


def _nodes(ray: ModuleType) -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"]]


def _ask(
    ray: ModuleType, nodes: Sequence[dict[str, Any]], place: Place, paths: list[Path]
) -> list[NodeFacts]:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask = ray.remote(node_facts)
    asked = [
        ask.options(
            num_cpus=0,
            max_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
        ).remote(place.folder, paths, UNSEEN_SECONDS)
        for node in nodes
    ]
    answers = []
    for node, reference in zip(nodes, asked, strict=True):
        try:
            answers.append(ray.get(reference, timeout=NODE_SECONDS))
        except ray.exceptions.RayError as error:
            if _is_gone(ray, node["NodeID"], error):
                continue
            last = str(error).strip().splitlines()[-1:]
            raise OSError(
                f"Node {node['NodeManagerHostname']} of the Ray cluster cannot take part: is "
                f"msssl-hear installed there? ({type(error).__name__}: {''.join(last)[:300]})"
            ) from error
    return answers


def _is_gone(ray: ModuleType, node: str, error: Exception) -> bool:
    """Whether a node has died; what it failed with may be known before that."""
    if isinstance(error, ray.exceptions.RayTaskError):
        return False
    end = time.monotonic() + GONE_SECONDS
    while any(alive["NodeID"] == node for alive in _nodes(ray)):
        if time.monotonic() >= end:
            return False
        time.sleep(1.0)
    return True
