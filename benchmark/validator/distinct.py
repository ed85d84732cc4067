"""Different sounds have different embeddings, of a size that heads can learn from.

Scores of a module that fails here are chance, and look like any others.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.models.learnable import HUGE, TINY
from benchmark.validator.loaded_module import (
    LoadedModule,
    ModuleRaisedError,
    ValidationError,
    noise,
)
from benchmark.validator.numerics import TOLERANCE, relative_difference
from benchmark.validator.report import Report

EQUAL = 1e-5  # of a clip's largest absolute value; float rounding stays below
MOSTLY = 0.9  # share of constant dimensions that is worth a warning
USUAL = (1e-4, 1e6)  # largest values that are worth no warning
QUIET = 2e-3  # of a sound with a peak of 0.5: -60 dBFS
KINDS = (  # of clips: in words, their length in s, their level
    ("of 2.5 s", 2.5, 1.0),
    ("of 1.1 s", 1.1, 1.0),
    ("of 250 ms", 0.25, 1.0),
    ("of 1.1 s and -60 dBFS", 1.1, QUIET),
)
SHORTEST_SECONDS = 0.05  # where equal embeddings are only worth a warning
FUNCTIONS = ("get_scene_embeddings", "get_timestamp_embeddings")


def sounds(samples: int, sample_rate: int) -> Tensor:
    """White noise, dull noise, a tone, and a chord that comes and goes: each with a peak of 0.5.

    Returns:
        float32, shape (4, samples).
    """
    white = noise(1, samples, seed=4)[0]
    smooth = torch.hann_window(65, periodic=False)[None, None]
    dull = torch.nn.functional.conv1d(noise(1, samples, seed=5)[None], smooth, padding="same")[0, 0]
    time = torch.arange(samples, dtype=torch.float64) / sample_rate
    tone = torch.sin(2 * np.pi * 440 * time)
    chord = sum(torch.sin(2 * np.pi * pitch * time) for pitch in (1500, 2100, 3300))
    beating = chord * torch.sin(2 * np.pi * 8 * time).square()
    made = torch.stack([white.double(), dull.double(), tone, beating])
    return (0.5 * made / made.abs().amax(dim=1, keepdim=True).clamp(min=1e-9)).float()


def check_different_sounds(loaded: LoadedModule, report: Report) -> None:
    """Four different sounds have four embeddings of usable size: also short and quiet ones.

    Raises:
        ValidationError: if all four embeddings are equal, or values are huge or tiny.
    """
    report.progress("Checking that different sounds have different embeddings")
    for function in FUNCTIONS:
        by_kind = [
            (words, level, _embed(loaded, function, seconds, level))
            for words, seconds, level in KINDS
        ]
        largest = max(
            float(np.abs(found).max(initial=0.0)) for _, level, found in by_kind if level == 1
        )
        check_largest_value(largest, function, report)
        for words, level, embeddings in by_kind:
            check_not_equal(embeddings, function, words, level < 1, report)
        rows = [found.reshape(-1, found.shape[-1]) for _, _, found in by_kind]
        warn_of_constant_dimensions(np.concatenate(rows), function, report)
    warn_of_equal_shortest(loaded, report)


def warn_of_equal_shortest(loaded: LoadedModule, report: Report) -> None:
    """Warn if sounds that are shorter than HEAR's clips have one embedding."""
    words = f"of {1000 * SHORTEST_SECONDS:.0f} ms"
    for function in FUNCTIONS:
        try:
            embeddings = _embed(loaded, function, SHORTEST_SECONDS, 1.0)
            check_not_equal(embeddings, function, words, False, report)
        except ModuleRaisedError:  # it cannot embed them at all, which a check of lengths says
            return
        except ValidationError as error:
            report.warn(str(error))


def check_largest_value(largest: float, function: str, report: Report) -> None:
    """The largest absolute value is one that heads can learn from; an unusual one is a warning.

    Args:
        largest: Of all embeddings of loud sounds.
        function: The HEAR function that returned them.
        report: Where the warning goes.

    Raises:
        ValidationError: otherwise.
    """
    if TINY <= largest <= HUGE:
        low, high = USUAL
        if not low <= largest <= high:
            report.warn(
                f"The largest value that {function} returned is {largest:.3g}; that of most models "
                "is between 0.01 and 1000."
            )
        return
    bound = f"above {HUGE:g}" if largest > HUGE else f"below {TINY:g}"
    raise ValidationError(
        f"The largest value that {function} returned is {largest:.3g}, and heads learn nothing "
        f"from values {bound}. Scale your embeddings; the largest of most models is between 0.01 "
        "and 1000."
    )


def check_not_equal(
    embeddings: NDArray[np.float32], function: str, words: str, quiet: bool, report: Report
) -> None:
    """Not all clips have one embedding; that only some have, or that all are close, may be a sign.

    Args:
        embeddings: Of different sounds, clips first.
        function: The HEAR function that returned them.
        words: What the clips have in common.
        quiet: Whether the clips are so quiet that a model may treat them nearly as silence.
        report: Where warnings go.

    Raises:
        ValidationError: if all are equal, or nearly so although they are loud.
    """
    clips = [[embedding[None]] for embedding in embeddings]
    differences = [
        relative_difference(one, other) for i, one in enumerate(clips) for other in clips[:i]
    ]
    most, least = max(differences), min(differences)
    if most <= EQUAL or (most <= TOLERANCE and not quiet):
        raise ValidationError(
            f"{function} gives four different sounds {words} the same embedding: they differ by "
            f"{most:.2g} of their largest value. Scores on such clips are chance."
        )
    if most <= TOLERANCE:
        report.warn(
            f"{function} gives four different sounds {words} nearly the same embedding: they "
            f"differ by {most:.2g} of their largest value."
        )
    elif least <= EQUAL:
        report.warn(f"{function} gives two of four different sounds {words} the same embedding.")


def warn_of_constant_dimensions(rows: NDArray[np.float32], function: str, report: Report) -> None:
    """Warn if nearly all dimensions have one value, whatever the sound.

    Args:
        rows: Shape (embeddings, size).
        function: The HEAR function that returned them.
        report: Where the warning goes.
    """
    spread = np.ptp(rows.astype(np.float64), axis=0)
    constant = spread <= np.maximum(EQUAL * np.abs(rows).max(axis=0), TINY)
    if constant.mean() >= MOSTLY:
        report.warn(
            f"{int(constant.sum())} of {constant.size} numbers that {function} returns are the "
            "same for every sound that was tried."
        )


def _embed(
    loaded: LoadedModule, function: str, seconds: float, level: float
) -> NDArray[np.float32]:
    audio = level * sounds(loaded.samples(seconds), int(loaded.model.sample_rate))
    if function == "get_scene_embeddings":
        return loaded.scene_embeddings(audio)
    return loaded.timestamp_embeddings(audio)[0]
