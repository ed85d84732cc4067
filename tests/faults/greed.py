"""Steps of the stages that ask for more memory than there is, and so get the real error."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch


def too_much_torch(*_: Any, **__: Any) -> None:
    torch.empty(1 << 50)


def too_much_numpy(*_: Any, **__: Any) -> None:
    np.empty(1 << 55)


def _module() -> None:
    """Of the HEAR module, from its second call on."""
    from benchmark.models.hear_module import HearModule

    call, calls = HearModule._call, [0]

    def greedy(self: HearModule, function: str, *arguments: Any) -> object:
        calls[0] += 1
        if calls[0] > 1:
            self.module.__dict__[function] = too_much_torch
        return call(self, function, *arguments)

    HearModule._call = greedy  # type: ignore[method-assign]


def _heads() -> None:
    """Of a training step of the heads."""
    from benchmark.heads import torch_state as threads

    for name, module in list(sys.modules.items()):
        if name.startswith("benchmark.heads") and hasattr(module, "threads_for"):
            module.threads_for = too_much_torch  # type: ignore[attr-defined]
    threads.threads_for = too_much_torch  # type: ignore[assignment]


def _set(place: str, name: str, what: Callable[..., Any]) -> Callable[[], None]:
    """What replaces a function, after the module was imported."""

    def replace() -> None:
        target: Any = sys.modules[place.partition(":")[0]]
        if ":" in place:
            target = getattr(target, place.partition(":")[2])
        setattr(target, name, what)

    return replace


GREEDY: dict[str, Callable[[], None]] = {
    "run: embedding": _module,
    "run: heads, fast": _heads,
    "run: heads, exact": _heads,
    "report": _set("benchmark.report.kept_replicates", "bootstrap_task", too_much_numpy),
    "export": _module,
    "score": _heads,
    "tasks get --from": _set("benchmark.tasks.get.get_task", "resample_clip", too_much_numpy),
    "tasks make": _set("benchmark.tasks.make.convert", "read_mono", too_much_numpy),
    "tasks make, worker processes": _set(
        "benchmark.tasks.make.convert", "read_mono", too_much_numpy
    ),
    "embedded suite": _set("benchmark.tasks.embedded.writing", "write_wav", too_much_numpy),
    "pretraining": _set("pretrain.training:Training", "differentiate", too_much_torch),
    "pretraining, panns": _set("pretrain.panns.train:PannsTraining", "do_step", too_much_torch),
    "pack": _set("pretrain.data.pack.clip", "read_mono", too_much_numpy),
}
