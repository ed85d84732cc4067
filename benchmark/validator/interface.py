"""Upstream's checks of the API's first half: import, load_model, sample rate, embedding sizes."""

from __future__ import annotations

import importlib
from types import ModuleType

import torch

from benchmark.validator.loaded_module import LoadedModule, is_tensorflow_model, one_line
from benchmark.validator.report import Report, ValidationError

SAMPLE_RATES = [16000, 22050, 32000, 44100, 48000]  # Hz, those that HEAR's tasks come in


def import_module(module_name: str, report: Report) -> ModuleType:
    """Import the module under test.

    Raises:
        ValidationError: if the import raises.
    """
    report.progress(f"Importing {module_name}")
    try:
        return importlib.import_module(module_name)
    except Exception as error:
        raise ValidationError(f"Cannot import {module_name}: {one_line(error)}") from error


def check_load_model(
    module: ModuleType, model_path: str, device: str, report: Report
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
        if isinstance(model, torch.nn.Module):
            report.progress(
                f"  - Received torch Module: {type(model).__name__}. Loading onto device: {device}"
            )
            model.to(device)
    except Exception as error:
        raise ValidationError(f"load_model raised {one_line(error)}") from error
    if is_tensorflow_model(model):
        report.progress(f"  - Received tensorflow Module: {type(model).__name__}")
    elif not isinstance(model, torch.nn.Module):
        raise ValidationError(
            "Model must be either a PyTorch module: "
            "https://pytorch.org/docs/stable/generated/torch.nn.Module.html "
            "or a tensorflow module: https://www.tensorflow.org/api_docs/python/tf/Module"
        )
    return LoadedModule(module, model, device)


def check_sample_rate(loaded: LoadedModule, report: Report) -> None:
    """The model's ``sample_rate`` exists and is one of HEAR's.

    Raises:
        ValidationError: otherwise.
    """
    report.progress("Checking model sample rate")
    if not hasattr(loaded.model, "sample_rate"):
        raise ValidationError("Model must expose expected input audio sample rate as an attribute.")
    sample_rate = loaded.model.sample_rate
    report.progress(f"  - Model sample rate is: {sample_rate}")
    if sample_rate not in SAMPLE_RATES:
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
        if not hasattr(loaded.model, name):
            raise ValidationError(
                f"Model must expose the output size of the {kind} embeddings as an attribute: "
                f"{name}"
            )
        size = getattr(loaded.model, name)
        if not isinstance(size, int):
            raise ValidationError(f"Model.{name} must be an int")
        report.progress(f"  - {name}: {size}")
