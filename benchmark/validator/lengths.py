"""Clips whose length is no multiple of anything: what ``msbench run`` checks must hold for them.

Real clips are as long as they are. A length of 15,644 samples broke a published wrapper in a run
after all its checks on round lengths had passed.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from benchmark.models.outputs import HearModuleError, check_embeddings, check_timestamps
from benchmark.validator.distinct import EQUAL, sounds
from benchmark.validator.loaded_module import LoadedModule, ValidationError
from benchmark.validator.numerics import relative_difference
from benchmark.validator.report import Report

FIXED = (15_644, 2**14 - 1, 2**14 + 1)  # samples
PRIMES_NEAR = (0.31, 0.61, 0.98, 1.37)  # s
TONE, WHITE = 2, 0  # of `sounds`


def lengths(sample_rate: int) -> list[int]:
    """The lengths that are tried, samples: three fixed ones, and primes."""
    return sorted({*FIXED, *(next_prime(int(near * sample_rate)) for near in PRIMES_NEAR)})


def next_prime(number: int) -> int:
    """The smallest prime that is at least a number."""
    while any(number % divisor == 0 for divisor in range(2, int(number**0.5) + 1)):
        number += 1
    return number


def check_odd_lengths(loaded: LoadedModule, report: Report) -> None:
    """Each length, two clips at once and one alone, gives what ``msbench run`` accepts.

    Raises:
        ValidationError: if it does not, if the module raises, or if two sounds are embedded alike.
    """
    tried = lengths(int(loaded.model.sample_rate))
    report.progress(f"Checking clips of {', '.join(map(str, tried))} samples")
    for samples in tried:
        pair = sounds(samples, int(loaded.model.sample_rate))[[WHITE, TONE]]
        for audio in (pair, pair[:1]):
            try:
                check_as_run_does(loaded, audio)
            except HearModuleError as error:
                raise ValidationError(str(error)) from error


def check_as_run_does(loaded: LoadedModule, audio: Tensor) -> None:
    """Put both functions' outputs to the checks of a run.

    Raises:
        HearModuleError: One of them failed.
        ValidationError: The module raised, or embeds the clips alike.
    """
    model, (clips, samples) = loaded.model, audio.shape
    names = [f"clip {clip} of {samples} samples" for clip in range(clips)]
    scene = torch.from_numpy(loaded.scene_embeddings(audio))
    shape = (clips, int(model.scene_embedding_size))
    check_embeddings(scene, shape, "get_scene_embeddings", names)
    embeddings, timestamps = loaded.timestamp_embeddings(audio)
    function = "get_timestamp_embeddings"
    frames = (clips, None, int(model.timestamp_embedding_size))
    check_embeddings(torch.from_numpy(embeddings), frames, function, names)
    duration_ms = 1000 * samples / model.sample_rate
    times = torch.from_numpy(np.ascontiguousarray(timestamps))
    check_timestamps(times, (clips, embeddings.shape[1]), duration_ms, function, names)
    if clips < 2:
        return
    for name, output in (("get_scene_embeddings", scene.numpy()), (function, embeddings)):
        if relative_difference([output[:1]], [output[1:]]) <= EQUAL:
            raise ValidationError(
                f"{name} gives noise and a tone of {samples} samples the same embedding. Scores "
                "on such clips are chance."
            )
