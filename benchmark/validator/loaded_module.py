"""The module under validation: checked calls into it, and test audio.

Test audio is uniform noise as upstream's, with a fixed seed so that a verdict can be repeated.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.models.outputs import HearModuleError
from benchmark.models.worker.messages import WorkerLostError, WorkerRaisedError
from benchmark.models.worker.module import WorkerModel, WorkerModule
from msssl_common.messages import one_printable_line


class ValidationError(Exception):
    """A check failed; the message is one sentence for the module's author."""


class ModuleRaisedError(ValidationError):
    """A function of the module raised instead of returning."""


def tensorflow() -> ModuleType | None:
    """TensorFlow if the module under test imported it, else None: the validator never does."""
    return sys.modules.get("tensorflow")


def is_tensorflow_model(model: object) -> bool:
    """Whether a model is a tf.Module."""
    tf = tensorflow()
    return tf is not None and isinstance(model, tf.Module)


def single_line(error: BaseException) -> str:
    """An exception as ``Type: text`` on one line; one in a worker process tells its type itself."""
    if isinstance(error, WorkerRaisedError):
        return one_printable_line(error)
    return one_printable_line(f"{type(error).__name__}: {error}").removesuffix(":")


@dataclass(frozen=True)
class LoadedModule:
    """A HEAR module and the model that its ``load_model`` gave.

    Attributes:
        module: The imported module, or what stands for one in a worker process.
        model: A torch.nn.Module, a tf.Module where TensorFlow is in use, or what stands for it.
        device: torch device of the model and its audio.
    """

    module: ModuleType | WorkerModule
    model: Any
    device: str

    def samples(self, seconds: float) -> int:
        """Length of a clip at the model's rate, samples (upstream's rounding: down)."""
        return int(seconds * self.model.sample_rate)

    def timestamp_embeddings(self, audio: Tensor) -> tuple[NDArray[Any], NDArray[Any]]:
        """Call ``get_timestamp_embeddings``.

        Args:
            audio: float32, shape (clips, samples), in [-1, 1].

        Returns:
            Embeddings, float32, should be (clips, timestamps, size); timestamps, any dtype, ms,
            should be (clips, timestamps). The shapes are not checked here.

        Raises:
            ValidationError: if the function is missing, raises, or returns something else than two
                tensors, the first float32.
        """
        name = "get_timestamp_embeddings"
        output = self._call(name, audio)
        if not isinstance(output, tuple | list) or len(output) != 2:
            raise ValidationError(
                f"{name} must return embeddings and timestamps, but returned "
                f"{type(output).__name__}."
            )
        embeddings = to_numpy(f"The embeddings from {name}", output[0], float32=True)
        return embeddings, to_numpy(f"The timestamps from {name}", output[1], float32=False)

    def scene_embeddings(self, audio: Tensor) -> NDArray[np.float32]:
        """Call ``get_scene_embeddings``; arguments and errors as ``timestamp_embeddings``.

        Returns:
            float32, should be (clips, size); the shape is not checked here.
        """
        name = "get_scene_embeddings"
        return to_numpy(f"The output of {name}", self._call(name, audio), float32=True)

    def _call(self, name: str, audio: Tensor) -> object:
        if not hasattr(self.module, name):
            raise ValidationError(f"Your API must include a function: '{name}'")
        try:
            with torch.inference_mode():
                return getattr(self.module, name)(self._batch(audio), self.model)
        except HearModuleError as error:  # of a worker: a whole sentence
            raise ValidationError(one_printable_line(error)) from error
        except (Exception, SystemExit) as error:
            verb = "failed:" if isinstance(error, WorkerLostError) else "raised"
            raise ModuleRaisedError(
                f"{name} {verb} {single_line(error)} (audio of shape {tuple(audio.shape)})"
            ) from error

    def _batch(self, audio: Tensor) -> object:
        """The audio as the module takes it: a worker process gets it as it is."""
        tf = tensorflow()
        if isinstance(self.model, WorkerModel):
            return audio
        if tf is not None and isinstance(self.model, tf.Module):
            return tf.convert_to_tensor(audio.numpy())
        return audio.to(self.device)


def to_numpy(what: str, output: object, *, float32: bool) -> NDArray[Any]:
    """A tensor of torch or TensorFlow as an array.

    Args:
        what: Names the output in errors.
        output: What the module returned.
        float32: Whether it must be float32.

    Raises:
        ValidationError: if it is no tensor, or not float32 where it must be.
    """
    tf = tensorflow()
    of_tensorflow = tf is not None and isinstance(output, tf.Tensor)
    if not (of_tensorflow or isinstance(output, Tensor)):
        raise ValidationError(f"{what} must be a tensor, but is {type(output).__name__}.")
    tensor: Any = output
    expected = tf.float32 if tf is not None and of_tensorflow else torch.float32
    if float32 and tensor.dtype != expected:
        raise ValidationError(f"Expected embeddings to be {expected}, received {tensor.dtype}.")
    if not of_tensorflow:
        tensor = tensor.detach().cpu()
        # NumPy has no bfloat16.
        tensor = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
    return np.asarray(tensor.numpy())


def noise(clips: int, samples: int, seed: int = 0) -> Tensor:
    """White noise, uniform in [-1, 1].

    Returns:
        float32, shape (clips, samples), on the CPU.
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((clips, samples), generator=generator) * 2 - 1
