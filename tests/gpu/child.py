"""The process that does the work of ``python -m tests.gpu``: its parent survives what happens here.

Each finding is a line on its standard output. A fault of a kernel spoils the process for all that
follows on a GPU, so that it ends then; the parent starts another for the sections that are left.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from msssl_common.devices import resolve_device
from tests.gpu import agreement, throughput
from tests.gpu.findings import Finding, as_json

SECTIONS: dict[str, Callable[[str, Path, bool], Iterator[Finding]]] = {
    "steps": lambda device, folder, small: agreement.training_paths(device, "multi"),
    "training": lambda device, folder, small: throughput.training(device, small, "fast"),
    "embeddings": lambda device, folder, small: agreement.embeddings(device),
    "embedding": lambda device, folder, small: throughput.embedding_memory(device, small),
    "heads": throughput.heads,
    "pitch branch": lambda device, folder, small: agreement.pitch_branch(device),
    "training as it was": lambda device, folder, small: throughput.training(device, small, "plain"),
    "recipes": lambda device, folder, small: agreement.losses_and_gradients(device),
    "heads' scores": lambda device, folder, small: agreement.heads(device, folder),
    "embedding from files": throughput.embedding_files,
    "resume": lambda device, folder, small: agreement.resumed_training(device, folder),
    "runs from files": lambda device, folder, small: agreement.embedding_runs(device, folder),
    "training, the rest": lambda device, folder, small: throughput.training(device, small, "rest"),
    "heads of exact mode": throughput.exact_heads,
}
"""What `tests.gpu.sections` names: of the device, an empty folder, whether few steps will do."""


def end_with_parent() -> None:
    """End when the parent does, which holds the other end of our standard input."""

    def watch() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main(asked: str, names: list[str]) -> None:
    """Run sections; lines go to the real standard output, all that others print to the error's."""
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(**facts: object) -> None:
        lines.write(json.dumps(facts) + "\n")

    end_with_parent()
    device = resolve_device(asked)
    say(place=throughput.place(device), on_cpu=device == "cpu")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            say(begin=name)
            own = Path(folder) / name.replace(" ", "-")
            own.mkdir()
            try:
                for finding in SECTIONS[name](device, own, device == "cpu"):
                    lines.write(as_json(finding) + "\n")
                if device.startswith("cuda"):
                    torch.cuda.synchronize()
            except Exception as error:
                traceback.print_exc()
                say(broken=f"{type(error).__name__}: {error}"[:300])
                if device.startswith("cuda"):  # perhaps nothing works on it any more
                    lines.flush()
                    os._exit(1)
            else:
                say(end=name)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
