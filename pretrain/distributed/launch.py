"""``--devices N``: start the processes of a training here, as torchrun would."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from collections.abc import Sequence

from msssl_common.own_python import own_python


def is_started() -> bool:
    """Whether torchrun, or ``launch``, started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def is_first() -> bool:
    """Whether this is the process that prints."""
    return os.environ.get("RANK", "0") == "0"


def launch(arguments: Sequence[str], devices: int) -> None:
    """Run ``mspretrain`` with these arguments in several processes, until all are done.

    When one dies, the others are stopped.

    Args:
        arguments: Of ``mspretrain``.
        devices: Processes; each has a GPU, or a part of the CPU, of its own.

    Raises:
        ChildProcessError: A process died.
        SystemExit: A process ended with an error, which it has printed.
    """
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as logs:
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=devices,
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            local_addr="localhost",
            run_id="mspretrain",
            max_restarts=0,
            logs_specs=DefaultLogsSpecs(log_dir=logs),
        )
        try:
            python, *words = own_python("pretrain", *arguments)
            elastic_launch(config, python)(*words)
        except ChildFailedError as error:
            codes = {rank: failure.exitcode for rank, failure in error.failures.items()}
            # torchrun stops the other processes by SIGTERM.
            killed = {r: code for r, code in codes.items() if code < 0 and code != -signal.SIGTERM}
            if not killed:
                raise SystemExit(1) from None
            rank, code = next(iter(killed.items()))
            raise ChildProcessError(
                f"process {rank} of {devices} died of {signal.Signals(-code).name}, and the others "
                "were stopped; start again with --resume"
            ) from None
