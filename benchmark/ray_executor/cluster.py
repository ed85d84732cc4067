"""Connecting to a Ray cluster, or starting one on this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

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


def _check_address(address: str) -> None:
    """See that somebody answers at an address."""
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
