"""A HEAR module in another interpreter, looking like any other HEAR module.

What a foreign interpreter tells of itself and of the model that it loaded.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.models.foreign.interpreter import Interpreter
from benchmark.models.foreign.messages import (
    ForeignModuleError,
    ForeignRaisedError,
    WorkerLostError,
)
from benchmark.models.foreign.process import WorkerProcess
from msssl_common.files import cache_root

NAMED = ("torch", "tensorflow", "keras", "numpy")  # in the note under every table


@dataclass(frozen=True)
class ForeignFacts:
    """Facts of a foreign model.

    Attributes:
        attributes: The model's HEAR attributes and ours, as they are; not yet checked.
        framework: "torch" or "tensorflow".
        parameters: Number of trainable parameters.
        weights_hash: SHA-256 of parameters and buffers (torch: as `fingerprint.weights_hash`).
        source_hash: SHA-256 of the code of the packages behind the model, of the interpreter's
            version and of the versions of all packages that are loaded there.
        python: E.g. "CPython 3.8.18".
        packages: Versions of the loaded packages.
        distribution: What was installed to have the module, e.g. "hearbaseline 2021.1.1", or "".
    """

    attributes: dict[str, Any]
    framework: str
    parameters: int
    weights_hash: str
    source_hash: str
    python: str
    packages: dict[str, str]
    distribution: str

    @property
    def note(self) -> str:
        """For under every table: in what the row was made."""
        found = (f"{name} {self.packages[name]}" for name in NAMED if name in self.packages)
        ran = f"ran in an interpreter of its own: {', '.join([self.python, *found])}"
        own = self.attributes.get("row_note")
        return f"{own}; {ran}" if own else ran


_logs = count()


class ForeignModel(torch.nn.Module):
    """Stands for a model that is elsewhere: its HEAR attributes and facts, and no weights.

    Args:
        facts: What the other interpreter told.
    """

    def __init__(self, facts: ForeignFacts) -> None:
        super().__init__()
        self.facts = facts
        for name, value in {**facts.attributes, "row_note": facts.note}.items():
            setattr(self, name, value)


class ForeignModule:
    """The three HEAR functions, each a request to the other interpreter.

    One that died is started anew by the next call, so that a clip that kills it costs one cell.

    Args:
        name: Import name, there.
        interpreter: Where.
        device: Where the model goes, in torch's words; "cuda:1" is TensorFlow's second GPU.

    Raises:
        ForeignModuleError: One sentence: it cannot be started or imported, or lacks a function.
    """

    def __init__(self, name: str, interpreter: Interpreter, device: str) -> None:
        self.__name__ = name
        self._interpreter = interpreter
        self._device = device
        self._loaded: tuple[str, ForeignFacts] | None = None
        self._log = cache_root() / "logs" / f"{_slug(name)}-{os.getpid()}-{next(_logs)}.log"
        interpreter.check()
        self._worker = self._start()

    def load_model(self, path: str = "") -> ForeignModel:
        """Load the model there.

        Raises:
            ForeignModuleError: It is no model that HEAR allows.
            ForeignRaisedError: The module raised, or the interpreter was lost.
        """
        facts = self._load(path)
        self._loaded = (path, facts)
        return ForeignModel(facts)

    def get_scene_embeddings(self, audio: torch.Tensor, model: ForeignModel) -> torch.Tensor:
        """As the module's, see ``load_model`` for what it raises."""
        (embeddings,) = self._call("get_scene_embeddings", audio)
        return embeddings

    def get_timestamp_embeddings(
        self, audio: torch.Tensor, model: ForeignModel
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """As the module's, see ``load_model`` for what it raises."""
        embeddings, timestamps = self._call("get_timestamp_embeddings", audio)
        return embeddings, timestamps

    def close(self) -> None:
        """End the other interpreter."""
        self._worker.close()

    def _start(self) -> WorkerProcess:
        """Start the interpreter and import the module there."""
        worker = WorkerProcess(self._interpreter, self._log)
        name, python = self.__name__, self._interpreter.python
        request = {"do": "import", "module": name, "threads": torch.get_num_threads()}
        try:
            reply, _ = worker.ask(request)
        except WorkerLostError as error:
            raise ForeignModuleError(f"{name} cannot be imported: {error}") from None
        if "failed" in reply:
            exception = reply["failed"]["exception"]
            if reply.get("absent"):
                worker.close()
                raise ForeignModuleError(
                    f"No module named {name!r} is installed for {python} or in the current folder"
                )
            if "absent" in reply:
                raise ForeignModuleError(
                    f"Module {name!r} cannot be imported: {exception} (in {worker.where()})"
                )
            raise ForeignModuleError(f"Importing {name!r} raised {exception} (in {worker.where()})")
        if reply["missing"]:
            worker.close()
            raise ForeignModuleError(
                f"Module {name!r} has no function {reply['missing'][0]!r}, which the HEAR API asks "
                "for"
            )
        return worker

    def _load(self, path: str) -> ForeignFacts:
        reply, _ = self._worker.ask({"do": "load", "path": path, "device": self._device})
        if "failed" in reply:
            raise self._failure("load_model", reply["failed"])
        return ForeignFacts(**{k: v for k, v in reply.items() if k != "arrays"})

    def _call(self, function: str, audio: torch.Tensor) -> list[torch.Tensor]:
        if not self._worker.alive:
            self._restart()
        reply, arrays = self._worker.ask({"do": "call", "function": function}, [audio.numpy()])
        if "failed" in reply:
            raise self._failure(function, reply["failed"])
        return [_tensor(*pair) for pair in zip(arrays, reply["dtypes"], strict=True)]

    def _restart(self) -> None:
        """Start what was lost, and see that it is the same again."""
        if self._loaded is None:
            raise ForeignModuleError(f"{self.__name__} has no model yet")
        self._worker = self._start()
        self._worker.keep_log = True  # it was named when the worker was lost
        path, before = self._loaded
        if self._load(path) != before:
            raise ForeignModuleError(
                f"{self.__name__} was started again after it was lost and gave another model: its "
                "embeddings would not belong together; its load_model must not be random"
            )

    def _failure(self, function: str, told: dict[str, Any]) -> Exception:
        if "refusal" in told:
            return ForeignModuleError(f"{self.__name__}.{function} {told['refusal']}")
        text = f"{told['exception']} (in {self._worker.where()})"
        return ForeignRaisedError(text, told["out_of_memory"])


def _tensor(array: NDArray[Any], dtype: str) -> torch.Tensor:
    """As the module returned it: a type that numpy lacks came as float32."""
    kind = getattr(torch, dtype, None)
    if not isinstance(kind, torch.dtype):
        raise ForeignModuleError(f"a module returned numbers of type {dtype}, which torch lacks")
    tensor = torch.from_numpy(np.asarray(array))
    return tensor if tensor.dtype == kind else tensor.to(kind)


def _slug(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)[:80]
