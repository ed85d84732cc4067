"""Whether a task folder is whole: every clip that its labels name, of the right rate and length."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import soundfile

from benchmark.tasks.audio import LENGTH_TOLERANCE
from benchmark.tasks.labels import read_events, read_scene_labels
from benchmark.tasks.task import Task, read_task


@dataclass(frozen=True)
class Contents:
    """What a task folder holds at one rate: clips, and their length in seconds."""

    clips: int
    seconds: float


def verify_task(folder: Path, sample_rate: int) -> Contents:
    """Check a task folder: metadata, vocabulary and labels whole, clips by their headers.

    ``msbench tasks check`` looks further; this is what can go wrong on the way here.

    Args:
        folder: The task folder.
        sample_rate: The rate whose audio to check, Hz.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is not as HEAR's format wants it; the first of the wrong clips is named.
    """
    task = read_task(folder)
    wrong: list[str] = []
    clips, frames = 0, 0
    for split in task.splits:
        read = read_events if task.embedding_type == "event" else read_scene_labels
        for file in read(task, split):
            clips += 1
            try:
                frames += _frames(folder / str(sample_rate) / split / file, task, sample_rate)
            except (ValueError, soundfile.LibsndfileError) as error:
                wrong.append(str(error))
    if wrong:
        raise ValueError(
            f"{len(wrong):,} of {clips:,} clips at {sample_rate} Hz are not as they should be; "
            f"the first: {wrong[0]}"
        )
    return Contents(clips, frames / sample_rate)


def _frames(path: Path, task: Task, sample_rate: int) -> int:
    """Samples of a clip, by its header, once they are known to be right."""
    if not path.is_file():
        raise ValueError(f"{path} is missing")
    info = soundfile.info(path)
    if info.samplerate != sample_rate or info.channels != 1 or not info.frames:
        raise ValueError(
            f"{path} has {info.frames} samples at {info.samplerate} Hz in {info.channels} channels"
        )
    if task.sample_duration is not None:
        wanted = round(task.sample_duration * sample_rate)
        if abs(info.frames - wanted) > LENGTH_TOLERANCE:
            raise ValueError(f"{path} has {info.frames} samples instead of {wanted}")
    return int(info.frames)
