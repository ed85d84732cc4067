"""Reading one clip of a task at the sample rate a model wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from benchmark.tasks.task import Task
from msssl_common.audio_files import sample_fault, source_fault
from msssl_common.decoder_notes import decoder_notes, tell

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
    present = rates_present(task.folder)
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


def rates_present(folder: Path) -> list[int]:
    """Sample rates, Hz, of which a task's folder has audio, in ascending order."""
    return sorted(int(p.name) for p in folder.iterdir() if p.is_dir() and p.name.isdecimal())


def clip_path(task: Task, split: str, file: str, sample_rate: int) -> Path:
    """The file to read for a clip at ``sample_rate`` Hz; its own rate is ``source_rate``'s.

    Raises:
        FileNotFoundError: The clip, or any audio to make this rate from, is missing.
        ValueError: It is a folder, a pipe or the like.
    """
    path = task.folder / str(source_rate(task, sample_rate)) / split / file
    if not path.is_file():
        if path.exists():
            raise ValueError(f"{path} is no plain file.")
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
        ValueError: The file is empty, not audio, cut, damaged, not mono, of another rate than its
            folder, of another length than the task's clips, or has samples that are NaN, infinite
            or far beyond full scale.
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
    """Decode a mono file and check its container, header and samples."""
    with readable(path), decoder_notes(path, lambda: soundfile.read(path)) as heard:
        if fault := source_fault(path):
            raise ValueError(f"{path} {fault}.")
        audio, file_rate = soundfile.read(path, dtype="float32", always_2d=True)
        if heard.of_interest:
            heard.gave(len(audio), soundfile.info(path).frames)
    tell(path, heard.words)
    samples, channels = audio.shape
    for _, fault in header_faults(path, channels, samples, file_rate, rate):
        raise ValueError(fault)
    mono: NDArray[np.float32] = audio[:, 0]
    if wrong := sample_fault(mono, rate):
        raise ValueError(f"{path} {wrong}.")
    return mono


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say in one sentence why a file cannot be read as audio.

    Raises:
        ValueError: libsndfile will not have it.
    """
    try:
        yield
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = getattr(error, "error_string", str(error)).rstrip(".")
        raise ValueError(f"{path} cannot be read as audio: {reason}.") from None


def header_faults(
    path: Path, channels: int, samples: int, file_rate: int, rate: int
) -> Iterator[tuple[str, str]]:
    """What is wrong with a clip by its header alone: a kind and a sentence for each fault.

    Args:
        path: The clip.
        channels: Its channels.
        samples: Its length in samples.
        file_rate: Its sample rate, Hz.
        rate: The rate of the folder it lies in, Hz.
    """
    if channels != 1:
        yield "stereo", f"{path} has {channels} channels: HEAR's clips are mono, so mix it down."
    if samples == 0:
        yield "unreadable-audio", f"{path} has no samples."
    if file_rate != rate:
        yield "wrong-rate", f"{path} is at {file_rate} Hz, but lies in the folder of {rate} Hz."


def length_fault(path: Path, samples: int, rate: int, seconds: float) -> str | None:
    """What to say of a clip that does not last ``seconds``, but for what resampling leaves."""
    if abs(samples - round(seconds * rate)) <= LENGTH_TOLERANCE:
        return None
    return (
        f"{path} lasts {samples / rate:.3f} s, but every clip of this task lasts "
        f"{seconds:g} s (sample_duration in task_metadata.json)."
    )


def _fit(audio: NDArray[np.float32], seconds: float, rate: int, path: Path) -> NDArray[np.float32]:
    """Pad or trim the few samples that resampling leaves; refuse any other length."""
    fault = length_fault(path, len(audio), rate, seconds)
    if fault:
        raise ValueError(fault)
    wanted = round(seconds * rate)
    return np.pad(audio[:wanted], (0, max(0, wanted - len(audio))))
