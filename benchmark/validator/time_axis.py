"""Checks of the timestamps that upstream lacks: finite, number, order, unit, type."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.models.outputs import SECONDS_MARGIN
from benchmark.validator.loaded_module import ValidationError
from benchmark.validator.report import Report


def check_time_axis(timestamps: NDArray[Any], seconds: float, report: Report) -> None:
    """All checks of this file that one clip length allows, on clips of at least a second.

    Args:
        timestamps: ms, shape (clips, timestamps).
        seconds: Length of the clips.
        report: Where warnings go.

    Raises:
        ValidationError: if events could not be placed in time by these timestamps.
    """
    check_finite_timestamps(timestamps)
    check_more_than_one_timestamp(timestamps, seconds)
    check_increasing(timestamps)
    check_milliseconds(timestamps, seconds)
    warn_of_integer_timestamps(timestamps, report)
    warn_of_negative_timestamps(timestamps, report)


def check_finite_timestamps(timestamps: NDArray[Any]) -> None:
    """No timestamp is NaN or infinite.

    Raises:
        ValidationError: otherwise.
    """
    if not np.isfinite(timestamps).all():
        clip, index = np.argwhere(~np.isfinite(timestamps))[0]
        raise ValidationError(
            f"Timestamps must be finite, but timestamp {index} of clip {clip} is "
            f"{timestamps[clip, index]}."
        )


def check_more_than_one_timestamp(timestamps: NDArray[Any], seconds: float) -> None:
    """A clip of a second and more has more than one timestamp.

    Raises:
        ValidationError: otherwise.
    """
    count = timestamps.shape[1]
    if count < 2:
        raise ValidationError(
            f"get_timestamp_embeddings returned {count} timestamp(s) for {seconds} s of audio, so "
            "no event can be placed in time. Return an embedding at least every 50 ms."
        )


def check_increasing(timestamps: NDArray[Any]) -> None:
    """Each timestamp is later than the one before it.

    Raises:
        ValidationError: otherwise.
    """
    backwards = np.argwhere(np.diff(timestamps) <= 0)
    if len(backwards):
        clip, index = backwards[0]
        raise ValidationError(
            f"Timestamps must increase, but in clip {clip} the one at index {index + 1} "
            f"({timestamps[clip, index + 1]} ms) is not later than the one before it "
            f"({timestamps[clip, index]} ms)."
        )


def check_milliseconds(timestamps: NDArray[Any], seconds: float) -> None:
    """The timestamps do not span the clip's length in seconds; the bound is a run's.

    Raises:
        ValidationError: if several end before the clip does, when all are read as seconds.
    """
    last = float(timestamps.max(initial=0.0))
    if timestamps.shape[1] > 1 and 0 < last <= SECONDS_MARGIN * seconds:
        raise ValidationError(
            f"Your timestamps end at {last:.3f} for audio of {seconds} s: they seem to be in "
            "seconds, and HEAR's are in milliseconds; multiply by 1000."
        )


def warn_of_integer_timestamps(timestamps: NDArray[Any], report: Report) -> None:
    """Warn if the timestamps are not floats: a hop of 12.5 ms would lose its half."""
    if not np.issubdtype(timestamps.dtype, np.floating):
        report.warn(
            f"Your timestamps are {timestamps.dtype}: float32 keeps fractions of a millisecond."
        )


def warn_of_negative_timestamps(timestamps: NDArray[Any], report: Report) -> None:
    """Warn if the first timestamp lies before the audio."""
    first = timestamps.min()
    if first < 0:
        report.warn(f"Your timestamps begin at {first}ms, before the audio does.")
