"""Checks of what a HEAR module returns, each failure one sentence.

Upstream's runner checks nothing here. Two published leaderboard entries scored 0.000 on every event
task because their timestamps were in seconds; NaN embeddings give NaN scores an hour later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

MAX_IRREGULARITY_MS = 1.0  # hear-validator 2021.0.6, validate.py: allowed deviation from the hop
SECONDS_MARGIN = 2.0  # timestamps that end before this many ms per second of audio are in seconds
ABSENT_LIBRARY = "install that where the module runs, or name another Python with --env"
ONSET_COLLAR_MS = 200.0  # of HEAR's score for events
LONGEST_WINDOW_MS = 30_000.0  # Whisper's; as much may lie behind the last frame
FRAMES_TO_JUDGE = 8  # fewer may be windows that are nearly as long as the clip


class HearModuleError(ValueError):
    """A HEAR module cannot be loaded, raised, or returned what the HEAR API does not allow."""


def check_embeddings(
    embeddings: object, shape: tuple[int | None, ...], source: str, clips: Sequence[str]
) -> NDArray[np.float32]:
    """Check one batch of embeddings.

    Args:
        embeddings: What the module returned.
        shape: Expected shape: (clips, size) for scenes, (clips, None, size) for frames.
        source: Module and function, for messages.
        clips: What to call each row of the batch in messages.

    Returns:
        The embeddings, float32, on the CPU.

    Raises:
        HearModuleError: Not a float32 tensor of that shape, no frames, or NaN or infinite values.
    """
    tensor = _tensor(embeddings, "embeddings", source)
    if tensor.dtype != torch.float32:
        raise HearModuleError(
            f"{source} returned {tensor.dtype} embeddings; HEAR asks for float32: add .float()"
        )
    expected = ", ".join("frames" if n is None else str(n) for n in shape)
    fits = tensor.ndim == len(shape) and all(
        n is None or n == m for n, m in zip(shape, tensor.shape, strict=True)
    )
    if not fits:
        raise HearModuleError(
            f"{source} returned embeddings of shape {tuple(tensor.shape)}; expected ({expected})"
            f"{_shape_hint(tuple(tensor.shape), shape)}"
        )
    if tensor.numel() == 0:
        raise HearModuleError(f"{source} returned no frame for {clips[0]}")
    array: NDArray[np.float32] = _array(tensor, "embeddings", source)
    finite = np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    if not finite.all():
        clip = clips[int(np.argmin(finite))]
        raise HearModuleError(f"{source} returned NaN or infinite embeddings for {clip}")
    return array


def check_timestamps(
    timestamps: object,
    shape: tuple[int, int],
    duration_ms: float,
    source: str,
    clips: Sequence[str],
) -> NDArray[np.float64]:
    """Check one batch of timestamps: ms, ascending, regular within 1 ms, inside the clip.

    Args:
        timestamps: What the module returned.
        shape: Expected shape (clips, frames), from the embeddings.
        duration_ms: Length of the clips of this batch, ms.
        source: Module and function, for messages.
        clips: What to call each row of the batch in messages.

    Returns:
        The timestamps in ms, float64, on the CPU.

    Raises:
        HearModuleError: Not a tensor of that shape, or timestamps that cannot be right.
    """
    tensor = _tensor(timestamps, "timestamps", source)
    if tuple(tensor.shape) != shape:
        raise HearModuleError(
            f"{source} returned timestamps of shape {tuple(tensor.shape)} beside embeddings of "
            f"{shape[0]} clips x {shape[1]} frames; both must agree: a timestamp for each frame of "
            "each clip"
        )
    if tensor.is_complex():
        raise HearModuleError(f"{source} returned {tensor.dtype} timestamps; HEAR asks for float32")
    array: NDArray[np.float64] = _array(tensor.to(torch.float64), "timestamps", source)
    for row, clip in zip(array, clips, strict=True):
        problem = _timestamp_problem(row, duration_ms)
        if problem:
            raise HearModuleError(f"{source} returned timestamps for {clip} that {problem}")
    return array


def _shape_hint(found: tuple[int, ...], expected: tuple[int | None, ...]) -> str:
    """What to do about embeddings of a shape that is a usual slip; else nothing."""
    clips, size = expected[0], expected[-1]
    if len(expected) == 2 and len(found) == 3 and found[0] == clips:
        return ": pool over the frames, as by embeddings.mean(dim=1)"
    if clips == 1 and len(found) == len(expected) - 1:
        return ": a batch of one clip keeps its first dimension, so leave out squeeze()"
    if len(found) != len(expected):
        return ""
    if len(expected) == 3 and found[1] == size != found[2]:
        return ": swap the last two, as by embeddings.transpose(1, 2)"
    if found[0] == 1 != clips and found[-1] == size:
        return ": embed every clip of the batch, not the first alone"
    if found[0] == clips and found[-1] != size:
        attribute = f"{'scene' if len(expected) == 2 else 'timestamp'}_embedding_size"
        return f": the model's {attribute} is {size}"
    return ""


def _timestamp_problem(timestamps_ms: NDArray[np.float64], duration_ms: float) -> str | None:
    """What is wrong with one clip's timestamps, as the end of a sentence; None if nothing is."""
    if not np.isfinite(timestamps_ms).all():
        return "are NaN or infinite"
    first, last = float(timestamps_ms[0]), float(timestamps_ms[-1])
    if len(timestamps_ms) == 1:  # one frame has no hop to check, and may be longer than the clip
        half = LONGEST_WINDOW_MS / 2
        inside = -half <= first <= duration_ms + half
        return None if inside else f"lie outside: {first:g} ms, and the clip has {duration_ms:g} ms"
    hops = np.diff(timestamps_ms)
    if hops.min() <= 0:
        return "do not ascend"
    if last <= SECONDS_MARGIN * duration_ms / 1000:
        return (
            f"look like seconds: the last is {last:g} and the clip has {duration_ms:g} ms; "
            "HEAR asks for milliseconds"
        )
    hop = float(hops.mean())
    deviation = float(np.abs(hops - hop).max())
    if deviation > MAX_IRREGULARITY_MS:
        return f"are not regular: a hop differs by {deviation:.3g} ms from their mean of {hop:.4g}"
    if last > duration_ms + hop:
        return f"end after the clip: the last is {last:g} ms and the clip has {duration_ms:g} ms"
    if first < -hop - ONSET_COLLAR_MS:  # a smaller shift is for the click train to find
        return f"begin before the clip: the first is {first:g} ms, and the hop is {hop:.4g} ms"
    enough = len(timestamps_ms) >= FRAMES_TO_JUDGE
    far = (duration_ms - first - last) / 2 > ONSET_COLLAR_MS + hop  # of the middles
    half = first + last < duration_ms / 4
    if (enough and far and half) or duration_ms - last > LONGEST_WINDOW_MS:
        return (
            f"leave out most of the clip: the last is {last:g} ms and the clip has "
            f"{duration_ms:g} ms; HEAR asks for the middle of each frame, in milliseconds"
        )
    return None


def _array(tensor: torch.Tensor, what: str, source: str) -> NDArray[Any]:
    """A tensor's numbers: those that it has now, of whichever kind of tensor it is."""
    here = tensor.detach().cpu()
    try:
        array: NDArray[Any] = here.resolve_neg().numpy()
    except (TypeError, RuntimeError, NotImplementedError) as error:  # a subclass, say
        why = " ".join(str(error).split())
        raise HearModuleError(f"{source} returned {what} that cannot be read: {why}") from error
    return array


def _tensor(value: object, what: str, source: str) -> torch.Tensor:
    if not isinstance(value, torch.Tensor):
        raise HearModuleError(
            f"{source} returned {what} of type {type(value).__name__}; expected a torch tensor"
            f"{': wrap it in torch.from_numpy' if isinstance(value, np.ndarray) else ''}"
        )
    odd = "nested" if value.is_nested else "meta" if value.is_meta else str(value.layout)
    if odd != str(torch.strided):
        raise HearModuleError(
            f"{source} returned {what} as a {odd} tensor; expected an ordinary one, with numbers"
        )
    return value
