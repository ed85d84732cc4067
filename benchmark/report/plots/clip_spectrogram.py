"""The spectrogram of a test file, if its audio is there."""

from __future__ import annotations

from pathlib import Path

from benchmark.report.plots.file_scores import FileEvents
from benchmark.report.plots.log_mel import Spectrogram, log_mel
from benchmark.tasks.audio import read_clip
from benchmark.tasks.find import find_tasks
from benchmark.tasks.task import Task


def clip_spectrogram(
    tasks_dir: Path | None, task: str, file: FileEvents, sample_rate: int | None
) -> Spectrogram | None:
    """Spectrogram of a file at the sample rate at which the model heard it.

    Args:
        tasks_dir: Folder of tasks, or one task.
        task: Full name of the task.
        file: The file.
        sample_rate: Hz.

    Returns:
        None without a folder of tasks, or if it lacks this task.

    Raises:
        FileNotFoundError, ValueError: The task is there, but not this clip, or it cannot be read.
    """
    if tasks_dir is None or sample_rate is None:
        return None
    tasks = [found for found in find_tasks(tasks_dir) if isinstance(found, Task)]
    found = next((one for one in tasks if one.full_name == task), None)
    if found is None:
        return None
    return log_mel(read_clip(found, file.fold, file.clip, sample_rate), sample_rate)
