"""A model under test: any module with HEAR's three functions, found by its import name.

This is the benchmark's only way to a model. The HEAR API (https://hearbenchmark.com/hear-api.html)
asks a module for ``load_model(path)``, ``get_scene_embeddings(audio, model)`` and
``get_timestamp_embeddings(audio, model)``, and the model for ``sample_rate`` (Hz),
``scene_embedding_size`` and ``timestamp_embedding_size``. Three attributes are ours and optional:
``row_label`` names the model's row in tables, ``row_note`` is printed under every table, and
``row_licence`` is the licence of the weights (an SPDX expression).
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.parameter import is_lazy

from benchmark.models.outputs import (
    ABSENT_LIBRARY,
    HearModuleError,
    check_embeddings,
    check_timestamps,
)
from benchmark.models.specs import split_spec
from benchmark.models.worker.interpreter import Interpreter
from benchmark.models.worker.messages import WorkerLostError, WorkerRaisedError
from benchmark.models.worker.module import WorkerModel, WorkerModule
from msssl_common.messages import is_out_of_memory, printable_name, printable_part

SAMPLE_RATES = (16000, 22050, 32000, 44100, 48000)  # Hz; the rates HEAR's tasks are published in
FUNCTIONS = ("load_model", "get_scene_embeddings", "get_timestamp_embeddings")
Number = TypeVar("Number", np.float32, np.float64)
OWN_ATTRIBUTES = ("row_label", "row_note", "row_licence")


Batch = tuple[Sequence[str], torch.Tensor]
"""What to call each clip in messages, and their audio, shape (clips, samples)."""

Returned = tuple[NDArray[np.float32], NDArray[np.float64] | None]
"""Checked embeddings of a batch, and of frames their timestamps in ms."""


class HearModuleOutOfMemoryError(HearModuleError):
    """A HEAR module did not have the memory for a batch; a smaller one may fit."""


@dataclass(frozen=True)
class HearModule:
    """A loaded model with the functions that embed audio, outputs checked.

    Attributes:
        module_name: Import name.
        model_path: Checkpoint path or name given to ``load_model``; empty for its default.
        module: The imported module, or what stands for one in a worker process.
        model: What ``load_model`` returned, in eval mode, on ``device``, or what stands for it.
        sample_rate: Hz.
        scene_embedding_size: Length of a scene embedding.
        timestamp_embedding_size: Length of a frame embedding.
        label: Name of its row in tables.
        note: Sentence to show under every table with its row, or None.
        device: Torch device the model runs on.
        licence: Of the weights, an SPDX expression; empty if it is not known.
    """

    module_name: str
    model_path: str
    module: ModuleType | WorkerModule
    model: torch.nn.Module
    sample_rate: int
    scene_embedding_size: int
    timestamp_embedding_size: int
    label: str
    note: str | None
    device: str = "cpu"
    licence: str = ""

    @property
    def spec(self) -> str:
        """What was typed to load it: ``module`` or ``module=checkpoint``."""
        return _spec(self.module_name, self.model_path)

    @property
    def parameter_count(self) -> int:
        """Number of the model's parameters."""
        if isinstance(self.model, WorkerModel):
            return self.model.facts.parameters
        return sum(parameter.numel() for parameter in self.model.parameters())

    def scene(self, audio: torch.Tensor, clips: Sequence[str] | None = None) -> NDArray[np.float32]:
        """Embed whole clips.

        Args:
            audio: float32 in [-1, 1], shape (clips, samples), at ``sample_rate``.
            clips: What to call each row in messages; "clip 0 of the batch" otherwise.

        Returns:
            float32, shape (clips, scene_embedding_size), finite.

        Raises:
            HearModuleError: The module raised or returned what HEAR does not allow;
                HearModuleOutOfMemoryError if it ran out of memory.
        """
        found: list[Returned] = []
        self.embed_each(True, [(clips or _rows(audio), audio)], found.append)
        return found[0][0]

    def timestamps(
        self, audio: torch.Tensor, clips: Sequence[str] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Embed the frames of clips.

        Args:
            audio: float32 in [-1, 1], shape (clips, samples), at ``sample_rate``.
            clips: What to call each row in messages; "clip 0 of the batch" otherwise.

        Returns:
            Embeddings, float32, shape (clips, frames, timestamp_embedding_size), finite; and the
            frames' timestamps in ms, float64, shape (clips, frames).

        Raises:
            HearModuleError: The module raised or returned what HEAR does not allow;
                HearModuleOutOfMemoryError if it ran out of memory.
        """
        found: list[Returned] = []
        self.embed_each(False, [(clips or _rows(audio), audio)], found.append)
        embeddings, timestamps = found[0]
        assert timestamps is not None
        return embeddings, timestamps

    def embed_each(
        self, scene: bool, batches: Iterable[Batch], take: Callable[[Returned], None]
    ) -> None:
        """Embed batches one after the other. A worker process gets all at once.

        Args:
            scene: Whether to embed whole clips or their frames.
            batches: The clips.
            take: Called with what became of each batch, as soon as that is known.

        Raises:
            HearModuleError: As of `scene` and `timestamps`; batches behind it are left out.
        """
        if isinstance(self.module, WorkerModule):
            self._embed_elsewhere(self.module, scene, list(batches), take)
            return
        function, checked = self._kind(scene)
        for clips, audio in batches:
            _check_audio(audio)
            try:
                with torch.inference_mode(), _same_folder():
                    returned = getattr(self.module, function)(audio.to(self.device), self.model)
            except HearModuleError:
                raise
            except (Exception, SystemExit) as error:
                raise self._failure(function, clips, audio, error) from error
            take(checked(returned, audio, clips))

    def _embed_elsewhere(
        self,
        module: WorkerModule,
        scene: bool,
        batches: Sequence[Batch],
        take: Callable[[Returned], None],
    ) -> None:
        function, checked = self._kind(scene)
        for _, audio in batches:
            _check_audio(audio)
        done = 0

        def understand(found: list[torch.Tensor]) -> None:
            nonlocal done
            clips, audio = batches[done]
            take(checked(found[0] if scene else found, audio, clips))
            done += 1

        try:
            module.call_each(function, [audio for _, audio in batches], understand)
        except HearModuleError:
            raise
        except (Exception, SystemExit) as error:
            raise self._failure(function, *batches[done], error) from error

    def _kind(
        self, scene: bool
    ) -> tuple[str, Callable[[object, torch.Tensor, Sequence[str]], Returned]]:
        """The module's function, and what checks its answers."""
        if scene:
            return "get_scene_embeddings", self._checked_scene
        return "get_timestamp_embeddings", self._checked_timestamps

    def _checked_scene(
        self, returned: object, audio: torch.Tensor, clips: Sequence[str]
    ) -> Returned:
        shape = (len(audio), self.scene_embedding_size)
        found = check_embeddings(returned, shape, self._source("get_scene_embeddings"), clips)
        return self._kept(found), None

    def _checked_timestamps(
        self, returned: object, audio: torch.Tensor, clips: Sequence[str]
    ) -> Returned:
        source = self._source("get_timestamp_embeddings")
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            raise HearModuleError(
                f"{source} returned {type(returned).__name__}; expected (embeddings, timestamps)"
            )
        shape = (len(audio), None, self.timestamp_embedding_size)
        embeddings = check_embeddings(returned[0], shape, source, clips)
        frames = (embeddings.shape[0], embeddings.shape[1])
        duration_ms = 1000 * audio.shape[1] / self.sample_rate
        timestamps = check_timestamps(returned[1], frames, duration_ms, source, clips)
        return self._kept(embeddings), self._kept(timestamps)

    def _kept(self, array: NDArray[Number]) -> NDArray[Number]:
        """An array that the module cannot change: it may return one memory at every call."""
        return array if self.is_elsewhere else array.copy()

    @property
    def is_elsewhere(self) -> bool:
        """Whether the module is in a worker process."""
        return isinstance(self.module, WorkerModule)

    def room(self, samples: int) -> NDArray[np.float32] | None:
        """Memory for audio that a worker process or a GPU fetches by itself; None for any other.

        Args:
            samples: Of all clips together. A worker's memory that was given out the time before
                last is given again (`WorkerModule.room`).
        """
        if isinstance(self.module, WorkerModule):
            return self.module.room(samples)
        if not self.device.startswith("cuda"):
            return None
        try:
            pinned: NDArray[np.float32] = torch.empty(
                samples, dtype=torch.float32, pin_memory=True
            ).numpy()
        except RuntimeError:  # ordinary memory serves as well
            return None
        return pinned

    @property
    def log(self) -> Path | None:
        """What a module prints in a worker process; gone after `close` if it printed nothing."""
        return self.module.log if isinstance(self.module, WorkerModule) else None

    def close(self) -> None:
        """End the worker process of a module that has one."""
        if isinstance(self.module, WorkerModule):
            self.module.close()

    def _source(self, function: str) -> str:
        return f"{self.module_name}.{function}"

    def _failure(
        self, function: str, clips: Sequence[str], audio: torch.Tensor, error: BaseException
    ) -> HearModuleError:
        """What to say of an exception on a batch."""
        names = clips[0] if len(clips) == 1 else f"{len(clips)} clips from {clips[0]}"
        kind = HearModuleOutOfMemoryError if _is_out_of_memory(error) else HearModuleError
        what = "failed" if isinstance(error, WorkerLostError) else "raised an exception"
        return kind(
            f"{self._source(function)} {what} on {names} ({audio.shape[1]} samples): {_name(error)}"
        )


def load_hear_module(
    spec: str,
    device: str = "cpu",
    interpreter: Interpreter | None = None,
    logs: Path | None = None,
) -> HearModule:
    """Import a HEAR module and load its model.

    Args:
        spec: Import name, ``pkg.module``, or ``pkg.module=PATH_OR_NAME`` for one of its
            checkpoints. Modules of the current folder are found too.
        device: Torch device, e.g. ``"cpu"`` or ``"cuda:0"``.
        interpreter: What to start a worker process with, `Interpreter.here` or another Python.
            None loads the module into this process, for a debugger: it can then disturb anything.
        logs: Folder for what it prints in a worker process, see `WorkerModule`.

    Raises:
        HearModuleError: One sentence: no such module, a missing function, a loader that raised, a
            wrong attribute, a sample rate HEAR does not have, no such device.
    """
    module_name, _ = split_spec(spec)
    check_import_name(module_name)
    module = WorkerModule(spec, interpreter, device, logs) if interpreter else _import(module_name)
    try:
        with _same_folder():
            return _loaded(spec, module, device)
    except BaseException:
        if isinstance(module, WorkerModule):
            module.close()
        raise


def _loaded(spec: str, module: ModuleType | WorkerModule, device: str) -> HearModule:
    """Load the model of an imported module and check what it says of itself."""
    module_name, model_path = split_spec(spec)
    functions = [_function(module, name) for name in FUNCTIONS]
    model = _load(functions[0], module_name, model_path, device)
    label, note, licence = (_text(model, module_name, name) for name in OWN_ATTRIBUTES)
    if isinstance(model, WorkerModel) and model.ran_in:
        note = f"{note}; {model.ran_in}" if note else model.ran_in
    return HearModule(
        module_name=module_name,
        model_path=model_path,
        module=module,
        model=model,
        sample_rate=_sample_rate(model, module_name),
        scene_embedding_size=_size(model, module_name, "scene_embedding_size"),
        timestamp_embedding_size=_size(model, module_name, "timestamp_embedding_size"),
        label=label or spec,
        note=note,
        device=device,
        licence=licence or "",
    )


@contextmanager
def _same_folder() -> Iterator[None]:
    """Stay in the current folder, where results go, though a module in this process leaves it."""
    folder = os.getcwd()  # noqa: PTH109 -- chdir takes a string as well
    try:
        yield
    finally:
        os.chdir(folder)


def check_import_name(module_name: str) -> None:
    """See that a name could be imported.

    Raises:
        HearModuleError: It could not.
    """
    path = Path(module_name)
    if (path / "config.json").is_file() and not (path / "__init__.py").exists():
        raise HearModuleError(
            f"{module_name!r} is a folder with a checkpoint: if transformers saved it, give "
            f"benchmark.adapters.transformers={module_name}"
        )
    if path.suffix == ".py":
        start = "" if path.parent == Path() else f", and start in {path.parent}"
        raise HearModuleError(
            f"{module_name!r} is the name of a file: give what one would import, {path.stem}{start}"
        )
    if not all(part.isidentifier() for part in module_name.split(".")):
        if path.exists():
            raise HearModuleError(
                f"{module_name!r} is a file or folder: give MODULE={module_name}, where MODULE is "
                "the HEAR module whose load_model reads it"
            )
        raise HearModuleError(
            f"{module_name!r} is not an import name; give a HEAR module as pkg.module or "
            "pkg.module=CHECKPOINT"
        )


def _import(module_name: str) -> ModuleType:
    if os.getcwd() not in sys.path:  # noqa: PTH109 -- sys.path holds strings
        sys.path.append(os.getcwd())  # noqa: PTH109 -- console scripts lack the current folder
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # A parent package or the module itself is absent, rather than something it imports.
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            raise HearModuleError(
                f"No module named {module_name!r} is installed or in the current folder"
            ) from error
        raise HearModuleError(
            f"Module {module_name!r} cannot be imported: {error}; {ABSENT_LIBRARY}"
            f"{_shadowed_helpers()}"
        ) from error
    except (Exception, SystemExit) as error:
        raise HearModuleError(
            f"Importing {module_name!r} raised {_name(error)}{_shadowed_helpers()}"
        ) from error


def _shadowed_helpers() -> str:
    """A hint where the current folder has modules of our packages' names."""
    names = []
    for name in ("benchmark", "pretrain", "msssl_common", "msssl_hear"):
        there = PathFinder.find_spec(name, [str(Path.cwd())])
        taken = getattr(sys.modules.get(name), "__file__", None)
        if there and there.has_location and taken and there.origin != taken:
            names.append(name)
    if not names:
        return ""
    return (
        f"; in this process, {' and '.join(names)} is msssl-hear's, not the one of this folder: "
        "leave out --in-process, or give --env " + sys.executable
    )


def _function(module: ModuleType | WorkerModule, name: str) -> Callable[..., object]:
    function = getattr(module, name, None)
    if not callable(function):
        raise HearModuleError(
            f"Module {module.__name__!r} has no function {name!r}, which the HEAR API asks for"
        )
    return function  # type: ignore[no-any-return]


def _load(
    load_model: Callable[..., object], module_name: str, model_path: str, device: str
) -> torch.nn.Module:
    arguments = (model_path,) if model_path else ()
    call = f"{module_name}.load_model({', '.join(map(repr, arguments))})"
    try:
        model = load_model(*arguments)
    except HearModuleError:
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, WorkerLostError):
            raise HearModuleError(f"{call} failed: {error}") from error
        wants_file = not model_path and _name(error).startswith(("FileNotFound", "TypeError"))
        hint = f"; if it needs a checkpoint, give {module_name}=FILE" if wants_file else ""
        raise HearModuleError(f"{call} raised {_name(error)}{hint}") from error
    if not isinstance(model, torch.nn.Module):
        kind = f"the class {model.__name__}" if isinstance(model, type) else type(model).__name__
        raise HearModuleError(
            f"{call} returned {'nothing' if model is None else kind}; this benchmark runs "
            f"torch.nn.Module models{_tensorflow_hint(model)}"
        )
    lazy = [name for name, value in model.named_parameters() if is_lazy(value)]
    if lazy:
        raise HearModuleError(
            f"{call} returned a model without weights in {', '.join(lazy[:3])}; load_model must "
            "return the whole model: call it there once, so that its weights are there"
        )
    try:
        return model.to(torch.device(device)).eval()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise HearModuleError(
            f"The model of {module_name} cannot be moved to device {device!r}: {_line(error)}"
        ) from error


def _tensorflow_hint(model: object) -> str:
    roots = {kind.__module__.split(".")[0] for kind in type(model).__mro__}
    if not roots & {"tensorflow", "keras", "tf_keras"}:
        return ""
    return ", and those of TensorFlow with --env PYTHON, which may be this one: " + sys.executable


def _sample_rate(model: torch.nn.Module, module_name: str) -> int:
    rate = getattr(model, "sample_rate", None)
    if not isinstance(rate, int | float) or rate not in SAMPLE_RATES:
        raise HearModuleError(
            f"The model of {module_name} has sample_rate {rate!r}; HEAR allows "
            f"{', '.join(map(str, SAMPLE_RATES))} Hz: take one, and resample in the module"
        )
    return int(rate)  # upstream also takes 16000.0


def _size(model: torch.nn.Module, module_name: str, attribute: str) -> int:
    size = getattr(model, attribute, None)
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise HearModuleError(
            f"The model of {module_name} has {attribute} {size!r}; HEAR asks for a positive int"
        )
    return size


def _text(model: torch.nn.Module, module_name: str, attribute: str) -> str | None:
    """One of our own attributes, which are optional."""
    text = getattr(model, attribute, None)
    if text is not None and not isinstance(text, str):
        raise HearModuleError(
            f"The model of {module_name} has {attribute} {text!r}; it must be text, or absent"
        )
    shown = printable_part if attribute == "row_note" else printable_name
    return shown(text) if text else None


def _spec(module_name: str, model_path: str) -> str:
    return f"{module_name}={model_path}" if model_path else module_name


def _check_audio(audio: torch.Tensor) -> None:
    if audio.ndim != 2 or audio.dtype != torch.float32 or audio.numel() == 0:
        raise HearModuleError(
            f"Audio must be non-empty float32 of shape (clips, samples), not {audio.dtype} of "
            f"shape {tuple(audio.shape)}"
        )


def _rows(audio: torch.Tensor) -> list[str]:
    return [f"clip {row} of the batch" for row in range(len(audio))]


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, WorkerRaisedError):
        return error.out_of_memory
    return is_out_of_memory(error)


def _line(error: BaseException) -> str:
    """An exception's message on one line."""
    return " ".join(str(error).split())


def _name(error: BaseException) -> str:
    """An exception's type and message on one line."""
    message = _line(error)
    if isinstance(error, WorkerRaisedError):  # it tells the type itself
        return message
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
