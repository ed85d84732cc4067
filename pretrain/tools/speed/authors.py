"""The authors' pipeline, run by a program in an environment with librosa.

Their collate function takes two random crops of each clip and shifts the first with
``librosa.effects.pitch_shift``: three crops per clip (docs/paper.md). The program is given a file
of clips and a number, and prints one line of JSON: for that many clips the processor seconds of
``crop`` (two crops, noise on one), ``shift`` (one crop) and ``log_mel`` (three crops).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pretrain.data.corpus import Corpus
from pretrain.data.shards.corpus import ShardCorpus

CROPS_PER_CLIP = 3
MOST_CLIPS = 64  # that are handed over
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@dataclass(frozen=True)
class AuthorsCost:
    """Processor seconds per clip.

    Attributes:
        crop: Two crops, noise on one.
        shift: Pitch shift of one crop.
        log_mel: Log-mel of three crops.
    """

    crop: float
    shift: float
    log_mel: float

    def crops_per_second(self, shifts: int, log_mel: bool) -> float:
        """Of one core.

        Args:
            shifts: Crops of each clip that are shifted: the authors' 1, or 3 as in ours.
            log_mel: Whether log-mel is part of it; the authors' model computes it.
        """
        seconds = self.crop + shifts * self.shift + log_mel * self.log_mel
        return CROPS_PER_CLIP / seconds


@dataclass(frozen=True)
class AuthorsPipeline:
    """How to run it.

    Attributes:
        command: Program and arguments; a file and a number are added.
        file: Clips, as `save_clips` writes them.
        clips: How many clips it is to do.
    """

    command: Sequence[str]
    file: Path
    clips: int

    def cost(self) -> AuthorsCost:
        """Run it once.

        Raises:
            FileNotFoundError: There is no such program.
            ValueError: It failed, or printed something else.
        """
        done = subprocess.run(
            [*self.command, str(self.file), str(self.clips)],
            env={**os.environ, **ONE_THREAD},
            capture_output=True,
            text=True,
        )
        name = " ".join(self.command)
        if done.returncode:
            said = (done.stderr.strip() or "nothing").splitlines()[-1]
            raise ValueError(f"{name}: failed with status {done.returncode}; it said: {said}")
        try:
            costs = json.loads(done.stdout.splitlines()[-1])
            crop, shift, log_mel = (float(costs[key]) for key in ("crop", "shift", "log_mel"))
        except (ValueError, KeyError, IndexError, TypeError):
            raise ValueError(
                f"{name}: its last line is to be JSON with crop, shift and log_mel, in seconds; "
                f"it printed {done.stdout.strip()[-200:]!r}"
            ) from None
        return AuthorsCost(crop / self.clips, shift / self.clips, log_mel / self.clips)


def save_clips(corpus: Corpus | ShardCorpus, least: int, path: Path) -> None:
    """Write clips for the authors' pipeline, which needs clips longer than a crop.

    Args:
        corpus: Where they are from; they are spread over it.
        least: Shortest clip, samples.
        path: An .npz file: ``samples``, int16, all clips end to end, and ``offsets``, int64.

    Raises:
        ValueError: No clip is long enough.
    """
    long = (corpus.lengths > least).nonzero().flatten().tolist()
    if not long:
        raise ValueError(f"no clip of the corpus is longer than {least} samples, a crop")
    stride = max(len(long) // MOST_CLIPS, 1)
    clips = [corpus.clip(index).numpy() for index in long[::stride][:MOST_CLIPS]]
    offsets = np.cumsum([0, *(len(clip) for clip in clips)], dtype=np.int64)
    np.savez(path, samples=np.concatenate(clips), offsets=offsets)
