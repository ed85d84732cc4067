"""A HEAR module in a worker process, looking like any other HEAR module.

What a worker tells of itself and of the model that it loaded.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.models.outputs import ABSENT_LIBRARY
from benchmark.models.specs import split_spec
from benchmark.models.worker.interpreter import Interpreter
from benchmark.models.worker.messages import (
    WorkerLostError,
    WorkerModuleError,
    WorkerRaisedError,
)
from benchmark.models.worker.process import Reply, WorkerProcess
from msssl_common.files import cache_root

NAMED = ("torch", "tensorflow", "keras", "numpy")  # in the note under every table
MINUTE = 60.0  # s; the longest batch, but for a single clip
LONGEST_NAME = 80  # of a log
SHORT_CLIP = 30.0  # s; a longer first clip is not embedded again
TOLERANCE = 1e-3  # of the largest value; additions on a GPU have no fixed order


@dataclass(frozen=True)
class ModelFacts:
    """Facts of a model that is in a worker process.

    Attributes:
        attributes: The model's HEAR attributes and ours, as they are; not yet checked.
        framework: "torch" or "tensorflow".
        parameters: Number of trainable parameters.
        model_bytes: Size of parameters and buffers.
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
    model_bytes: int
    weights_hash: str
    source_hash: str
    python: str
    packages: dict[str, str]
    distribution: str

    @staticmethod
    def of(reply: dict[str, Any]) -> ModelFacts:
        """The facts in a worker's reply.

        Raises:
            WorkerModuleError: They are none: a worker may say anything.
        """
        kinds = {"str": str, "int": int, "dict[str, Any]": dict, "dict[str, str]": dict}
        for field in fields(ModelFacts):
            value = reply.get(field.name)
            if type(value) is not kinds[str(field.type)]:
                raise WorkerModuleError(
                    f"its worker process told {value!r} for {field.name}, which should be "
                    f"{field.type}"
                )
        if not all(isinstance(version, str) for version in reply["packages"].values()):
            raise WorkerModuleError("its worker process told versions of packages that are no text")
        return ModelFacts(**{field.name: reply[field.name] for field in fields(ModelFacts)})

    @property
    def ran_in(self) -> str:
        """For under every table: in what a row of another interpreter was made."""
        found = (f"{name} {self.packages[name]}" for name in NAMED if name in self.packages)
        return f"ran in an interpreter of its own: {', '.join([self.python, *found])}"


class WorkerAttribute:
    """An attribute of a model that JSON cannot say; all that is known is how it reads."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


_logs = count()


class WorkerModel(torch.nn.Module):
    """Stands for a model that is elsewhere: its HEAR attributes and facts, and no weights.

    Args:
        facts: What the worker told.
        ran_in: What to add to the row's note, or empty.
    """

    def __init__(self, facts: ModelFacts, ran_in: str) -> None:
        super().__init__()
        self.facts = facts
        self.ran_in = ran_in
        for name, value in facts.attributes.items():
            if isinstance(value, dict):
                value = WorkerAttribute(str(value.get("repr")))
            setattr(self, name, value)


class WorkerModule:
    """The three HEAR functions, each a request to a worker process.

    One that died is started anew by the next call, so that a clip that kills it costs one cell.

    Args:
        spec: Import name, there, with ``=CHECKPOINT`` or without.
        interpreter: Where.
        device: Where the model goes, in torch's words; "cuda:1" is TensorFlow's second GPU.
        logs: Folder for the log of what it prints, which stays there unless it is empty. None for
            the cache's, where only a log that a message names stays.
        as_loaded: Whether the model is used as ``load_model`` left it: not put into evaluation
            mode, and without seeding all generators before every call.

    Raises:
        WorkerModuleError: One sentence: it cannot be started or imported, or lacks a function.
    """

    def __init__(
        self,
        spec: str,
        interpreter: Interpreter,
        device: str,
        logs: Path | None = None,
        as_loaded: bool = False,
    ) -> None:
        self.__name__, _ = split_spec(spec)
        self._interpreter = interpreter
        self._device = device
        self._as_loaded = as_loaded
        self._loaded: tuple[str, ModelFacts] | None = None
        self._first: _FirstClip | None = None
        self._keep_log = logs is not None
        if logs is None:
            self._log = cache_root() / "logs" / f"{_slug(spec)}-{os.getpid()}-{next(_logs)}.log"
        else:
            self._log = logs / f"{_slug(spec)}.log"
            self._log.unlink(missing_ok=True)  # an earlier run's
        interpreter.check()
        self._worker = self._start()

    @property
    def log(self) -> Path:
        """The file that takes what the module prints; it may be gone."""
        return self._log

    @property
    def pid(self) -> int:
        """The worker process."""
        return self._worker.pid

    def load_model(self, path: str = "") -> WorkerModel:
        """Load the model there.

        Raises:
            WorkerModuleError: It is no model that HEAR allows.
            WorkerRaisedError: The module raised, or the interpreter was lost.
        """
        facts = self._load(path)
        self._loaded = (path, facts)
        return WorkerModel(facts, "" if self._interpreter.ours else facts.ran_in)

    def device_memory(self, begin: bool) -> int | None:
        """Bytes that the worker holds on a CUDA device, or their peak since a stretch began.

        On the CPU, the benchmark measures the worker process from outside; at the beginning of a
        stretch, the worker hands back the memory that it has freed.

        Args:
            begin: Whether a stretch of work begins.
        """
        if not self._worker.alive:
            return None
        reply, _ = self._worker.ask({"do": "memory", "begin": begin})
        found = reply.get("bytes")
        return found if isinstance(found, int) else None

    def room(self, samples: int) -> NDArray[np.float32] | None:
        """Memory that the worker sees, for the audio of the calls to come (`Connection.room`).

        It may be filled while a call is under way on another thread.
        """
        return self._worker.room(samples)

    def get_scene_embeddings(self, audio: torch.Tensor, model: WorkerModel) -> torch.Tensor:
        """As the module's, see ``load_model`` for what it raises."""
        found: list[list[torch.Tensor]] = []
        self.call_each("get_scene_embeddings", [audio], found.append)
        return found[0][0]

    def get_timestamp_embeddings(
        self, audio: torch.Tensor, model: WorkerModel
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """As the module's, see ``load_model`` for what it raises."""
        found: list[list[torch.Tensor]] = []
        self.call_each("get_timestamp_embeddings", [audio], found.append)
        embeddings, timestamps = found[0]
        return embeddings, timestamps

    def call_each(
        self,
        function: str,
        batches: Sequence[torch.Tensor],
        take: Callable[[list[torch.Tensor]], None],
    ) -> None:
        """Call a function with one batch after the other; the worker waits for nobody in between.

        Args:
            function: Its name.
            batches: Audio, each of shape (clips, samples).
            take: Called with what the function returned for each batch, as soon as it is there.

        Raises:
            Exception: See ``load_model``; or what ``take`` raises. The rest is left out then.
        """
        if not self._worker.alive:
            self._restart()
        if batches and self._first is None and not self._as_loaded:
            embedded = self._ask(function, batches[0])
            self._first = self._embed_first(function, batches[0])
            take(embedded)
            batches = batches[1:]
        if batches:
            self._ask_each(function, batches, take)

    def inputs(self) -> dict[str, str]:
        """SHA-256 of files that were read since the model was loaded: what was loaded late too.

        Raises:
            WorkerModuleError: The first clip has other embeddings by now than it had: what was
                embedded depends on what came before it. Or the model built layers by now.
        """
        if not self._worker.alive:
            return {}
        if self._first:
            self._first.compare(self.__name__, self._ask(self._first.function, self._first.clip))
        reply, _ = self._worker.ask({"do": "inputs"})
        if "refusal" in reply.get("failed", ()):
            raise WorkerModuleError(f"{self.__name__} {reply['failed']['refusal']}")
        files = reply.get("files")
        return files if isinstance(files, dict) else {}

    def close(self) -> None:
        """End the worker process."""
        self._worker.close()

    def _start(self) -> WorkerProcess:
        """Start the process and import the module there."""
        worker = WorkerProcess(self._interpreter, self._log, self._keep_log)
        name, ours = self.__name__, self._interpreter.ours
        request = {
            "do": "import",
            "module": name,
            "threads": torch.get_num_threads(),
            "path": list(sys.path) if ours else None,
        }
        try:
            reply, _ = worker.ask(request)
        except WorkerLostError as error:
            raise WorkerModuleError(f"{name} cannot be imported: {error}") from None
        if "failed" in reply:
            exception = reply["failed"]["exception"]
            if reply.get("absent"):
                worker.close()
                place = "" if ours else f" for {self._interpreter.python}"
                raise WorkerModuleError(
                    f"No module named {name!r} is installed{place} or in the current folder"
                )
            if "absent" in reply:
                raise WorkerModuleError(
                    f"Module {name!r} cannot be imported: {exception}; {ABSENT_LIBRARY} "
                    f"({worker.where()})"
                )
            raise WorkerModuleError(f"Importing {name!r} raised {exception} ({worker.where()})")
        if reply["missing"]:
            worker.close()
            raise WorkerModuleError(
                f"Module {name!r} has no function {reply['missing'][0]!r}, which the HEAR API asks "
                "for"
            )
        return worker

    def _load(self, path: str) -> ModelFacts:
        evaluation_mode = not self._as_loaded
        reply, _ = self._worker.ask(
            {"do": "load", "path": path, "device": self._device, "eval": evaluation_mode}
        )
        if "failed" in reply:
            raise self._failure("load_model", reply["failed"])
        return ModelFacts.of(reply)

    def _embed_first(self, function: str, audio: torch.Tensor) -> _FirstClip | None:
        """Embed the first clip that there is alone, to do so again later."""
        clip = audio[:1].clone()
        if self._seconds(clip) > SHORT_CLIP:
            return None
        try:
            return _FirstClip(function, clip, self._ask(function, clip))
        except (WorkerRaisedError, WorkerModuleError):  # not in the batch: that is not our question
            return None

    def _ask(self, function: str, audio: torch.Tensor) -> list[torch.Tensor]:
        found: list[list[torch.Tensor]] = []
        self._ask_each(function, [audio], found.append)
        return found[0]

    def _ask_each(
        self,
        function: str,
        batches: Sequence[torch.Tensor],
        take: Callable[[list[torch.Tensor]], None],
    ) -> None:
        def understand(reply: Reply) -> None:
            header, arrays = reply
            if "failed" in header:
                raise self._failure(function, header["failed"])
            take([_tensor(*pair) for pair in zip(arrays, header["dtypes"], strict=True)])

        request = {"do": "call", "function": function, "seed": not self._as_loaded}
        patience = [self._patience(audio) for audio in batches]
        self._worker.ask_each(request, [audio.numpy() for audio in batches], patience, understand)

    def _patience(self, audio: torch.Tensor) -> float:
        """How many times the timeout a batch may take: a clip of hours is a batch of its own."""
        return max(1.0, self._seconds(audio) / MINUTE)

    def _seconds(self, audio: torch.Tensor) -> float:
        rate = self._loaded[1].attributes.get("sample_rate") if self._loaded else None
        return audio.numel() / rate if isinstance(rate, int | float) and rate > 0 else 0.0

    def _restart(self) -> None:
        """Start what was lost, and see that it is the same again."""
        if self._loaded is None:
            raise WorkerModuleError(f"{self.__name__} has no model yet")
        self._keep_log = True  # it was named when the worker was lost
        self._worker = self._start()
        path, before = self._loaded
        if self._load(path) != before:
            raise WorkerModuleError(
                f"{self.__name__} was started again after it was lost and gave another model: its "
                "embeddings would not belong together; its load_model must not be random"
            )

    def _failure(self, function: str, told: dict[str, Any]) -> Exception:
        if "refusal" in told:
            return WorkerModuleError(f"{self.__name__}.{function} {told['refusal']}")
        text = f"{told['exception']} ({self._worker.where()})"
        return WorkerRaisedError(text, told["out_of_memory"])


@dataclass(frozen=True)
class _FirstClip:
    """A clip, shape (1, samples), and what a function gave for it alone when work began."""

    function: str
    clip: torch.Tensor
    before: list[torch.Tensor]

    def compare(self, module: str, after: Sequence[torch.Tensor]) -> None:
        """See that the function gives the same again.

        Raises:
            WorkerModuleError: It does not.
        """
        for old, new in zip(self.before, after, strict=True):
            old, new = old.double(), new.double()
            scale = float(old.abs().max()) if old.numel() else 0.0
            if old.shape == new.shape and torch.allclose(
                old, new, rtol=0.0, atol=TOLERANCE * scale, equal_nan=True
            ):
                continue
            raise WorkerModuleError(
                f"{module}.{self.function} gave the same clip other embeddings later than at the "
                "beginning: what it keeps between calls (weights, a counter, a state) must not "
                "change its results, or they depend on the clips before"
            )


def _tensor(array: NDArray[Any], dtype: str) -> torch.Tensor:
    """As the module returned it: a type that numpy lacks came as float32."""
    kind = getattr(torch, dtype, None)
    if not isinstance(kind, torch.dtype):
        raise WorkerModuleError(f"a module returned numbers of type {dtype}, which torch lacks")
    tensor = torch.from_numpy(np.asarray(array))
    return tensor if tensor.dtype == kind else tensor.to(kind)


def _slug(spec: str) -> str:
    """A file name; two specs that read alike are kept apart."""
    name = re.sub(r"[^\w.-]+", "_", spec)[:LONGEST_NAME]
    return name if name == spec else f"{name}-{hashlib.sha256(spec.encode()).hexdigest()[:8]}"
