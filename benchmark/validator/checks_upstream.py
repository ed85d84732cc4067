"""Upstream's checks: import, load_model, sizes, then both embedding functions on noise."""

from __future__ import annotations

import importlib
import time
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.parameter import is_lazy

from benchmark.models.outputs import HearModuleError
from benchmark.models.worker.interpreter import Interpreter
from benchmark.models.worker.messages import WorkerLostError
from benchmark.models.worker.module import WorkerModel, WorkerModule
from benchmark.validator.loaded_module import (
    LoadedModule,
    ValidationError,
    is_tensorflow_model,
    noise,
    single_line,
)
from benchmark.validator.report import Report
from benchmark.validator.time_axis import check_milliseconds
from msssl_common.files import cache_root
from msssl_common.messages import one_printable_line

ROUNDING_ADVICE = (
    "IMPORTANT: A common bug we have seen in many codebases involves rounding errors accumulating "
    "over longer audio. For example, if you want embeddings every 25ms and have 44100Hz audio, "
    "then the sample hop length is 1102.5. If you round this before your for loop, the timestamp "
    "centers and/or embedding sample centers might be wrong. In this example, you will drift 25ms "
    "every 37 minutes of audio. We can't detect this drift with short audio in the validator."
)


def check_timestamp_embeddings(
    loaded: LoadedModule, seconds: float, report: Report
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """``get_timestamp_embeddings`` on two clips of noise.

    Args:
        loaded: Module under test.
        seconds: Length of the clips.
        report: Where progress and warnings go.

    Returns:
        Embeddings (2, timestamps, size) and timestamps (2, timestamps), ms.

    Raises:
        ValidationError: if dtype, shapes, spacing or the last timestamp are wrong.
    """
    clips = 2
    report.progress("Checking get_timestamp_embeddings")
    audio = noise(clips, loaded.samples(seconds))
    report.progress(f"  - Passing in audio batch of shape: {tuple(audio.shape)}")
    started = time.perf_counter()
    embeddings, timestamps = loaded.timestamp_embeddings(audio)
    report.seconds_per_second = (time.perf_counter() - started) / (clips * seconds)
    report.progress(f"  - Received embedding of shape: {embeddings.shape}")
    report.progress(f"  - Received timestamps of shape: {timestamps.shape}")
    check_timestamp_shapes(loaded, embeddings, timestamps, clips)
    check_milliseconds(timestamps, seconds)  # or warnings would follow from the wrong unit
    if timestamps.shape[1] > 1:
        check_timestamp_grid(timestamps, seconds, report)
    return embeddings, timestamps


def check_timestamp_shapes(
    loaded: LoadedModule, embeddings: NDArray[np.float32], timestamps: NDArray[Any], clips: int
) -> None:
    """Embeddings are (clips, timestamps, size), and timestamps (clips, timestamps).

    Raises:
        ValidationError: otherwise.
    """
    function = "get_timestamp_embeddings"
    _check_dimensions("embeddings", function, embeddings, 3)
    _check_dimensions("timestamps", function, timestamps, 2)
    _check_batch(embeddings, clips)
    if embeddings.shape[:2] != timestamps.shape:
        raise ValidationError(
            f"Output shape of the timestamps from {function} is incorrect. "
            f"Expected {embeddings.shape[:2]}, but received {timestamps.shape}."
        )
    _check_size(embeddings, loaded, "timestamp_embedding_size")


def check_timestamp_grid(timestamps: NDArray[Any], seconds: float, report: Report) -> None:
    """Timestamps are regular, dense, begin at the start and end at the end of the audio.

    Args:
        timestamps: ms, shape (clips, timestamps), at least two timestamps.
        seconds: Length of the clips.
        report: Where progress and warnings go.

    Raises:
        ValidationError: if an interval deviates by more than 1 ms, or the audio ends first.
    """
    # NaN and infinite timestamps pass here as they do upstream; check_finite_timestamps is next.
    with np.errstate(invalid="ignore"):
        intervals = np.diff(timestamps)
        mean, longest = np.mean(intervals), np.max(intervals)
        deviation = np.max(np.abs(intervals - mean))
    report.progress(f"  - Avg interval between timestamps is {mean}ms")
    report.progress(f"  - Max interval between timestamps is {longest}ms")
    if longest > 50:
        report.warn(
            "We suggest a interval between timestamps less than or equal to 50ms to accommodate a "
            "tolerance of 50ms for music transcription tasks."
        )
    if deviation > 1:
        raise ValidationError(
            f"Timestamps should occur at regular intervals. Found a deviation {deviation}ms larger "
            "than 1ms between adjacent timestamps. If you REALLY want to use a variable hop-size,"
            "please contact us"
        )
    first, last, end = np.min(timestamps), np.max(timestamps), 1000 * seconds
    report.progress(f"  - Min timestamp {first}ms")
    report.progress(f"  - Max timestamp {last}ms")
    if first > mean:
        report.warn(f"Your timestamps begin at {first}ms, which appears to be wrong.")
    if last < end - mean or last < end - 50:
        report.warn(
            f"Your timestamps end at {last}ms, but the audio is {end} ms. You won't have "
            "embeddings for events at the end of the audio."
        )
    check_end(timestamps, seconds)


def check_end(timestamps: NDArray[Any], seconds: float) -> None:
    """No timestamp lies after the audio.

    Raises:
        ValidationError: otherwise.
    """
    if timestamps.size and np.max(timestamps) > 1000 * seconds:
        raise ValidationError(
            f"Your timestamps end at {np.max(timestamps)}ms, but the audio is {1000 * seconds} ms."
        )


def check_scene_embeddings(loaded: LoadedModule, report: Report) -> NDArray[np.float32]:
    """``get_scene_embeddings`` on four clips of noise, 2.74 s each.

    Returns:
        Embeddings, shape (4, size).

    Raises:
        ValidationError: if dtype or shape are wrong.
    """
    clips = 4
    report.progress("Checking get_scene_embeddings")
    audio = noise(clips, loaded.samples(2.74))
    report.progress(f"  - Passing in audio batch of shape: {tuple(audio.shape)}")
    embeddings = loaded.scene_embeddings(audio)
    report.progress(f"  - Received embedding of shape: {embeddings.shape}")
    _check_dimensions("embeddings", "get_scene_embeddings", embeddings, 2)
    _check_batch(embeddings, clips)
    _check_size(embeddings, loaded, "scene_embedding_size")
    return embeddings


def _check_dimensions(what: str, function: str, output: NDArray[Any], dimensions: int) -> None:
    if output.ndim != dimensions:
        raise ValidationError(
            f"Output dimensions of the {what} from {function} is incorrect. "
            f"Expected {dimensions} dimensions, but received shape{output.shape}."
        )


def _check_batch(embeddings: NDArray[np.float32], clips: int) -> None:
    if embeddings.shape[0] != clips:
        raise ValidationError(
            f"Passed in a batch of {clips} audio samples, but your model returned "
            f"{embeddings.shape[0]}. These values should be the same."
        )


def _check_size(embeddings: NDArray[np.float32], loaded: LoadedModule, attribute: str) -> None:
    size = getattr(loaded.model, attribute)
    if embeddings.shape[-1] != size:
        raise ValidationError(
            f"Output embedding size is {embeddings.shape[-1]}. Your model specified an embedding "
            f"size of {size} in Model.{attribute}. These values should be the same."
        )


SAMPLE_RATES = [16000, 22050, 32000, 44100, 48000]  # Hz, those that HEAR's tasks come in


def import_module(
    module_name: str, model_path: str, device: str, interpreter: Interpreter | None, report: Report
) -> ModuleType | WorkerModule:
    """Import the module under test, as ``msbench run`` does.

    Args:
        module_name: Import name.
        model_path: What its ``load_model`` will be given; names its log.
        device: torch device.
        interpreter: What to start its worker process with; None imports it into this process.
        report: Where progress goes.

    Raises:
        ValidationError: if the import raises or ends the process.
    """
    report.progress(f"Importing {one_printable_line(module_name)}")
    if interpreter:
        spec = f"{module_name}={model_path}" if model_path else module_name
        logs = cache_root() / "logs" / "validator"
        try:
            return WorkerModule(spec, interpreter, device, logs, as_loaded=True)
        except HearModuleError as error:
            raise ValidationError(one_printable_line(error)) from error
    try:
        return importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise ValidationError(f"Cannot import {module_name}: {single_line(error)}") from error


def check_load_model(
    module: ModuleType | WorkerModule, model_path: str, device: str, report: Report
) -> LoadedModule:
    """Load the model: a torch.nn.Module (moved to ``device``) or a tf.Module.

    Args:
        module: The imported module.
        model_path: Passed to ``load_model``; empty: called without an argument.
        device: torch device.
        report: Where progress goes.

    Raises:
        ValidationError: if there is no ``load_model``, it raises, or gives something else.
    """
    report.progress("Checking load_model")
    if not hasattr(module, "load_model"):
        raise ValidationError("Your API must include a function: 'load_model'")
    if model_path:
        report.progress(f"  - Loading model with weights file: {model_path}")
    else:
        report.progress("  - No weight file provided. Using default")
    try:
        model = module.load_model(model_path) if model_path else module.load_model()
        if isinstance(model, torch.nn.Module) and not isinstance(model, WorkerModel):
            report.progress(
                f"  - Received torch Module: {type(model).__name__}. Loading onto device: {device}"
            )
            _check_built(model)
            model.to(device)
    except HearModuleError as error:  # of a worker: a whole sentence
        raise ValidationError(one_printable_line(error)) from error
    except (Exception, SystemExit) as error:
        verb = "failed:" if isinstance(error, WorkerLostError) else "raised"
        raise ValidationError(f"load_model {verb} {single_line(error)}") from error
    if isinstance(model, WorkerModel):
        facts = model.facts
        report.progress(
            f"  - Received a model of {facts.framework} with {facts.parameters} parameters, on "
            f"device {device}, in {one_printable_line(facts.python)}"
        )
    elif is_tensorflow_model(model):
        report.progress(f"  - Received tensorflow Module: {type(model).__name__}")
    elif not isinstance(model, torch.nn.Module):
        raise ValidationError(
            "Model must be either a PyTorch module: "
            "https://pytorch.org/docs/stable/generated/torch.nn.Module.html "
            "or a tensorflow module: https://www.tensorflow.org/api_docs/python/tf/Module"
        )
    return LoadedModule(module, model, device)


def _check_built(model: torch.nn.Module) -> None:
    lazy = [name for name, value in model.named_parameters() if is_lazy(value)]
    if lazy:
        raise HearModuleError(
            f"load_model returned a model without weights in {', '.join(lazy[:3])}; it must return "
            "the whole model: call it there once, so that its weights are there"
        )


def check_sample_rate(loaded: LoadedModule, report: Report) -> None:
    """The model's ``sample_rate`` exists and is one of HEAR's.

    Raises:
        ValidationError: otherwise.
    """
    report.progress("Checking model sample rate")
    if getattr(loaded.model, "sample_rate", None) is None:
        raise ValidationError("Model must expose expected input audio sample rate as an attribute.")
    sample_rate = loaded.model.sample_rate
    report.progress(f"  - Model sample rate is: {sample_rate}")
    if not isinstance(sample_rate, int | float) or sample_rate not in SAMPLE_RATES:
        raise ValidationError(
            f"Input sample rate of {sample_rate} is invalid. Must be one of {SAMPLE_RATES}"
        )


def check_embedding_sizes(loaded: LoadedModule, report: Report) -> None:
    """The model's ``scene_embedding_size`` and ``timestamp_embedding_size`` exist and are int.

    Raises:
        ValidationError: otherwise.
    """
    report.progress("Checking model embedding size")
    for kind in ("scene", "timestamp"):
        name = f"{kind}_embedding_size"
        if getattr(loaded.model, name, None) is None:
            raise ValidationError(
                f"Model must expose the output size of the {kind} embeddings as an attribute: "
                f"{name}"
            )
        size = getattr(loaded.model, name)
        if not isinstance(size, int):
            raise ValidationError(f"Model.{name} must be an int")
        report.progress(f"  - {name}: {size}")


def check_row_texts(loaded: LoadedModule) -> None:
    """The attributes that are ours and optional (``row_label`` and the like) are text.

    Raises:
        ValidationError: otherwise.
    """
    for name in ("row_label", "row_note", "row_licence"):
        text = getattr(loaded.model, name, None)
        if text is not None and not isinstance(text, str):
            raise ValidationError(
                f"Model.{name} is {one_printable_line(repr(text))}; it must be text, or absent"
            )
