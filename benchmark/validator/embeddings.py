"""Upstream's checks of both embedding functions on noise: dtype, shapes, sizes, timestamps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.validator.audio import noise
from benchmark.validator.loaded_module import LoadedModule
from benchmark.validator.report import Report, ValidationError

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
    embeddings, timestamps = loaded.timestamp_embeddings(audio)
    report.progress(f"  - Received embedding of shape: {embeddings.shape}")
    report.progress(f"  - Received timestamps of shape: {timestamps.shape}")
    check_timestamp_shapes(loaded, embeddings, timestamps, clips)
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
