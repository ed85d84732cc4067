"""Checks of the numbers that upstream lacks: finite, repeatable, independent of the batch.

Tolerance: two embeddings of the same clip may differ by 0.1 % of the clip's largest value. Float
noise between batch sizes, threads and kernels stays below (TF32 included); dropout left on,
normalisation over the batch and padding to the longest batch mate lie far above.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.validator.checks_upstream import check_end
from benchmark.validator.loaded_module import (
    LoadedModule,
    ModuleRaisedError,
    ValidationError,
    noise,
)
from benchmark.validator.report import Report

TOLERANCE = 1e-3  # of the clip's largest absolute value
# The shortest clips of HEAR's tasks last some 0.2 s. Shorter ones may raise (a loud failure, so a
# warning here) but must never give NaN (a silent one).
SHORT_BUT_REAL = 0.25  # s
TOO_SHORT_TO_MATTER = 0.01  # s


def check_finite_embeddings(embeddings: NDArray[np.float32], function: str, audio: str) -> None:
    """No NaN and no infinity.

    Args:
        embeddings: Any shape, clips first.
        function: The HEAR function that returned them.
        audio: What it was given, in words.

    Raises:
        ValidationError: otherwise.
    """
    bad = ~np.isfinite(embeddings)
    if bad.any():
        clip = np.argwhere(bad)[0][0]
        raise ValidationError(
            f"{function} returned {int(bad.sum())} NaN or infinite value(s) of {bad.size} for "
            f"{audio} (first in clip {clip})."
        )


def check_determinism(loaded: LoadedModule, report: Report) -> None:
    """Two calls on the same audio give the same embeddings.

    Raises:
        ValidationError: if they differ by more than the tolerance.
    """
    report.progress("Checking that two calls give the same embeddings")
    audio = _clips_of_all_levels(loaded)
    for function in ("get_scene_embeddings", "get_timestamp_embeddings"):
        difference = relative_difference(
            _outputs(loaded, function, audio), _outputs(loaded, function, audio)
        )
        if difference > TOLERANCE:
            raise ValidationError(
                f"Two calls of {function} on the same audio differ by {_percent(difference)}. "
                "Dropout or another random step is active: let load_model call model.eval()."
            )


def check_batch_independence(loaded: LoadedModule, report: Report) -> None:
    """A clip's embeddings are the same alone and beside louder, quieter and silent clips.

    Raises:
        ValidationError: if they differ by more than the tolerance.
    """
    report.progress("Checking that embeddings do not depend on the other clips of the batch")
    audio = _clips_of_all_levels(loaded)
    for function in ("get_scene_embeddings", "get_timestamp_embeddings"):
        together = _outputs(loaded, function, audio)
        for clip in (0, 1):
            alone = _outputs(loaded, function, audio[clip : clip + 1])
            difference = relative_difference(alone, [part[clip : clip + 1] for part in together])
            if difference > TOLERANCE:
                raise ValidationError(
                    f"{function} gives a clip other embeddings alone than beside other clips: they "
                    f"differ by {_percent(difference)}. Normalise each clip by itself, and let "
                    "load_model call model.eval()."
                )


def check_silence(loaded: LoadedModule, report: Report) -> None:
    """Two silent clips of one second give finite embeddings and timestamps.

    Raises:
        ValidationError: if not, or if the module raises.
    """
    report.progress("Checking silence")
    _check_finite_outputs(loaded, torch.zeros(2, loaded.samples(1.0)), "silence")


def check_short_clips(loaded: LoadedModule, report: Report) -> None:
    """Clips of 250 ms, 10 ms and one sample give finite embeddings.

    Raises:
        ValidationError: if one gives NaN, or if the module raises for 250 ms of audio or gives it
            later timestamps. That it raises for less is a warning.
    """
    report.progress("Checking short clips")
    real = noise(2, loaded.samples(SHORT_BUT_REAL))
    _check_finite_outputs(loaded, real, f"noise of {1000 * SHORT_BUT_REAL:g} ms")
    check_end(loaded.timestamp_embeddings(real)[1], SHORT_BUT_REAL)
    for samples in (loaded.samples(TOO_SHORT_TO_MATTER), 1):
        try:
            _check_finite_outputs(loaded, noise(2, samples), f"noise of {samples} sample(s)")
        except ModuleRaisedError as error:
            report.warn(f"Clips of {samples} sample(s) have no embedding: {error}.")


def relative_difference(first: list[NDArray[Any]], second: list[NDArray[Any]]) -> float:
    """Largest difference of two lists of outputs, relative to each clip's largest absolute value.

    Args:
        first: Arrays with clips first.
        second: As many arrays; another shape counts as a difference of 100 %.
    """
    differences = [0.0]
    for one, other in zip(first, second, strict=True):
        if one.shape != other.shape:
            return 1.0
        for a, b in zip(one, other, strict=True):
            scale = max(float(np.abs(a).max(initial=0.0)), 1e-9)
            differences.append(float(np.abs(a - b).max(initial=0.0)) / scale)
    return max(differences)


def _clips_of_all_levels(loaded: LoadedModule) -> torch.Tensor:
    """Four clips of 1.3 s: noise at -10 and -50 dBFS, full-scale noise, silence."""
    levels = torch.tensor([[0.5], [0.005], [1.0], [0.0]])
    return noise(4, loaded.samples(1.3), seed=1) * levels


def _outputs(loaded: LoadedModule, function: str, audio: torch.Tensor) -> list[NDArray[Any]]:
    if function == "get_scene_embeddings":
        return [loaded.scene_embeddings(audio)]
    return list(loaded.timestamp_embeddings(audio))


def _check_finite_outputs(loaded: LoadedModule, audio: torch.Tensor, words: str) -> None:
    for function in ("get_scene_embeddings", "get_timestamp_embeddings"):
        for output in _outputs(loaded, function, audio):
            check_finite_embeddings(output, function, words)


def _percent(difference: float) -> str:
    return f"{difference:.2%} of the clip's largest value (tolerance {TOLERANCE:.1%})"
