"""The real tasks beside the checkout: every label file, and the first clips of every split."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.tasks.audio import read_clip
from benchmark.tasks.find import find_tasks
from benchmark.tasks.labels import read_events, read_scene_labels, row_order
from benchmark.tasks.task import Task
from benchmark.tasks.task_hash import task_hash

# Clips, classes and family, from the data's own README.
EXPECTED = {
    "speech_commands-v0.0.2-testset": (4890, 12, "scene"),
    "esc50-v2.0.0-full": (2000, 50, "scene"),
    "spoken_digit-1.0.9-speakers": (3000, 10, "scene"),
    "dcase2016_task2-remix-full": (40, 11, "event"),
    "orchestra_pitch-v1-full": (2258, 73, "pitch"),
}


@pytest.fixture(scope="module")
def real_tasks(shared_data: Path) -> dict[str, Task]:
    tasks = find_tasks(shared_data / "tasks")
    return {task.full_name: task for task in tasks if isinstance(task, Task)}


@pytest.mark.shared
@pytest.mark.parametrize("name", EXPECTED)
def test_labels_and_first_clips(real_tasks: dict[str, Task], name: str) -> None:
    task = real_tasks[name]
    clips, classes, family = EXPECTED[name]
    assert (len(task.vocabulary), task.family) == (classes, family)
    read = read_events if family == "event" else read_scene_labels
    labels = {split: read(task, split) for split in task.splits}
    assert sum(map(len, labels.values())) == clips
    for split, files in row_order(task, labels).items():
        audio = read_clip(task, split, files[0], 16000)
        assert audio.dtype == np.float32
        assert 0.001 < np.abs(audio).max() <= 1.5
        if task.sample_duration is not None:
            assert len(audio) == round(task.sample_duration * 16000)


@pytest.mark.shared
def test_hash_of_a_real_task(real_tasks: dict[str, Task]) -> None:
    task = real_tasks["spoken_digit-1.0.9-speakers"]
    assert len(task_hash(task, 16000)) == 64
