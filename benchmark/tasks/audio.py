"""Reading one clip of a task at the sample rate a model wants."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from benchmark.tasks.task import Task

# Resampling leaves a clip a sample or two off; more than that is another length.
LENGTH_TOLERANCE: Final = 8  # samples


def source_rate(task: Task, sample_rate: int) -> int:
    """The rate whose audio serves ``sample_rate``: itself, or the nearest higher one present.

    Args:
        task: The task.
        sample_rate: The rate wanted, Hz.

    Returns:
        Sample rate in Hz, the name of a sub-folder of the task.

    Raises:
        FileNotFoundError: The task has no audio, or only at lower rates: raising the rate would
            leave the upper band empty, which the model never met in training.
    """
    if (task.folder / str(sample_rate)).is_dir():
        return sample_rate
    present = sorted(
        int(p.name) for p in task.folder.iterdir() if p.is_dir() and p.name.isdecimal()
    )
    if not present:
        raise FileNotFoundError(
            f"{task.folder} has no audio: it should have a folder {sample_rate}/ of clips."
        )
    higher = [rate for rate in present if rate > sample_rate]
    if not higher:
        rates = ", ".join(map(str, present))
        raise FileNotFoundError(
            f"{task.folder} has audio at {rates} Hz only, and the model needs {sample_rate} Hz: "
            "add a folder of that rate or a higher one (audio is never upsampled)."
        )
    return higher[0]


def clip_path(task: Task, split: str, file: str, sample_rate: int) -> Path:
    """The file to read for a clip at ``sample_rate`` Hz; its own rate is ``source_rate``'s.

    Raises:
        FileNotFoundError: The clip, or any audio to make this rate from, is missing.
    """
    path = task.folder / str(source_rate(task, sample_rate)) / split / file
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing, but {split}.json of {task.full_name} lists this clip."
        )
    return path


def read_clip(task: Task, split: str, file: str, sample_rate: int) -> NDArray[np.float32]:
    """Read a clip, resampled with soxr "HQ" (HEAR's own choice) where its rate is another.

    Args:
        task: The task.
        split: The clip's split.
        file: The clip's file name, a key of ``{split}.json``.
        sample_rate: The rate wanted, Hz.

    Returns:
        Mono audio, float32, shape (samples,), nominally in [-1, 1]. Where the task has a
        ``sample_duration``, exactly ``round(sample_duration * sample_rate)`` samples.

    Raises:
        FileNotFoundError: The clip, or any audio to make this rate from, is missing.
        ValueError: The file is empty, not audio, not mono, of another rate than its folder, of
            another length than the task's clips, or has samples that are NaN or infinite.
    """
    path = clip_path(task, split, file, sample_rate)
    rate = int(path.parent.parent.name)
    audio = _decode(path, rate)
    if task.sample_duration is not None:
        audio = _fit(audio, task.sample_duration, rate, path)
    if rate == sample_rate:
        return audio
    resampled: NDArray[np.float32] = soxr.resample(audio, rate, sample_rate, quality="HQ")
    if task.sample_duration is None:
        return resampled
    return _fit(resampled, task.sample_duration, sample_rate, path)


def _decode(path: Path, rate: int) -> NDArray[np.float32]:
    """Decode a mono file and check its header and samples."""
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is an empty file (0 bytes).")
    try:
        audio, file_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = getattr(error, "error_string", str(error)).rstrip(".")
        raise ValueError(f"{path} cannot be read as audio: {reason}.") from None
    samples, channels = audio.shape
    if channels != 1:
        raise ValueError(f"{path} has {channels} channels: HEAR's clips are mono, so mix it down.")
    if samples == 0:
        raise ValueError(f"{path} has no samples.")
    if file_rate != rate:
        raise ValueError(f"{path} is at {file_rate} Hz, but lies in the folder of {rate} Hz.")
    mono: NDArray[np.float32] = audio[:, 0]
    finite = np.isfinite(mono)
    if not finite.all():
        raise ValueError(
            f"{path} has {np.count_nonzero(~finite)} samples that are NaN or infinite, "
            f"the first at {np.argmin(finite) / rate:.3f} s."
        )
    return mono


def _fit(audio: NDArray[np.float32], seconds: float, rate: int, path: Path) -> NDArray[np.float32]:
    """Pad or trim the few samples that resampling leaves; refuse any other length."""
    wanted = round(seconds * rate)
    if abs(len(audio) - wanted) > LENGTH_TOLERANCE:
        raise ValueError(
            f"{path} lasts {len(audio) / rate:.3f} s, but every clip of this task lasts "
            f"{seconds:g} s (sample_duration in task_metadata.json)."
        )
    return np.pad(audio[:wanted], (0, max(0, wanted - len(audio))))
