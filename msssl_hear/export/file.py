"""Export to one file: written down, compared with the model, and only then given its name."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Private, but the same promise: a file is whole or absent.
from msssl_hear.checkpoint import _write as write_whole
from msssl_hear.export.metadata import AUDIO
from msssl_hear.model import HearModel

Format = Literal["onnx", "torch"]
SUFFIXES: Final[dict[Format, str]] = {"onnx": ".onnx", "torch": ".pt2"}

TOLERANCE: Final = 1e-4
"""Largest difference that any number of an embedding may have from the model's."""

CHECKED: Final = ((1, 1), (2, 639), (1, 640), (1, 16_001), (3, 48_000))
"""Clips and samples of the batches that are compared: ends of frames, hops and strides."""

Arrays = list[NDArray[np.float32]]


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        path: The file.
        size: Its bytes.
        difference: Largest difference between a number of an embedding by the file and by the
            model, over the batches in ``CHECKED``.
    """

    path: Path
    size: int
    difference: float


def export_encoder(model: HearModel, path: Path, kind: Format) -> Exported:
    """Export a model, front end included, to a file that runs without this package.

    Args:
        model: From ``msssl_hear.load_model``.
        path: The file, conventionally ``.onnx`` or ``.pt2``; one that is there is replaced.
        kind: ``onnx`` or ``torch``.

    Raises:
        ModuleNotFoundError: Of ``onnx``, where onnx or onnxruntime is not installed.
        ValueError: The file would not give the model's embeddings; nothing was written.
        OSError: It cannot be written.
    """
    if kind not in get_args(Format):
        raise ValueError(f"format {kind!r} is none of {', '.join(get_args(Format))}")
    data = _onnx(model) if kind == "onnx" else _torch(model)
    difference = largest_difference(model, run_onnx(data) if kind == "onnx" else run_torch(data))
    if not difference <= TOLERANCE:
        raise ValueError(
            f"the exported {model.row_label} differs from the model by {difference:.1e}, more than "
            f"{TOLERANCE:g}: nothing was written; please report it with the versions of torch, "
            "onnx and onnxruntime"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data)
    return Exported(path, len(data), difference)


def _onnx(model: HearModel) -> bytes:
    try:
        from msssl_hear.export.onnx_model import onnx_model
    except ModuleNotFoundError as error:
        raise _without_onnx(error) from None
    return bytes(onnx_model(model).SerializeToString())


def _torch(model: HearModel) -> bytes:
    from msssl_hear.export.torch_program import torch_program  # half a second of imports

    return torch_program(model)


def _without_onnx(error: ModuleNotFoundError) -> ModuleNotFoundError:
    return ModuleNotFoundError(
        f"ONNX files need {error.name}: pip install 'msssl-hear[onnx]'", name=error.name
    )


def run_onnx(data: bytes, threads: int = 0) -> Callable[[Tensor], Arrays]:
    """Load an ONNX file into onnxruntime, on the CPU.

    Args:
        data: Content of the file.
        threads: For one call; 0 is onnxruntime's choice.

    Raises:
        ModuleNotFoundError: onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise _without_onnx(error) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return lambda audio: list(session.run(None, {AUDIO: audio.numpy()}))


def run_torch(data: bytes) -> Callable[[Tensor], Arrays]:
    """Load a ``.pt2`` file with torch."""
    program = torch.export.load(io.BytesIO(data)).module()

    def run(audio: Tensor) -> Arrays:
        with torch.inference_mode():
            return [output.numpy() for output in program(audio)]

    return run


def run_model(model: HearModel) -> Callable[[Tensor], Arrays]:
    """The model itself, by the same interface."""

    def run(audio: Tensor) -> Arrays:
        with torch.inference_mode():
            embeddings = model.frame_embeddings(audio)
            scene = model.scene_embeddings(audio)
            timestamps = model.timestamps(embeddings.shape[1])
        return [scene.numpy(), embeddings.numpy(), timestamps.numpy()]

    return run


def largest_difference(model: HearModel, run: Callable[[Tensor], Arrays]) -> float:
    """Largest difference between what ``run`` gives for made clips and what the model gives.

    Raises:
        ValueError: They differ in shape.
    """
    reference, largest = run_model(model), 0.0
    for clips, samples in CHECKED:
        audio = made_clips(clips, samples, model.sample_rate)
        for made, expected in zip(run(audio), reference(audio), strict=True):
            if made.shape != expected.shape:
                raise ValueError(
                    f"the exported {model.row_label} gives the shape {made.shape} for {clips} "
                    f"clips of {samples} samples, and the model {expected.shape}"
                )
            difference = float(np.abs(made - expected).max())
            largest = max(largest, difference) if difference == difference else np.nan
    return largest


def made_clips(clips: int, samples: int, sample_rate: int) -> Tensor:
    """Chords in a little noise, the same each time: float32, shape (clips, samples)."""
    draw = torch.Generator().manual_seed(clips * samples)
    time_s = torch.arange(samples, dtype=torch.float64) / sample_rate
    pitches = 110.0 * 2.0 ** (torch.arange(clips, dtype=torch.float64) / 3)[:, None]
    chords = sum(torch.sin(2 * torch.pi * n * pitches * time_s) / (5 * n) for n in (1, 2, 3, 5))
    noise = torch.randn(clips, samples, generator=draw) * 0.01
    return (torch.as_tensor(chords) + noise).float()
