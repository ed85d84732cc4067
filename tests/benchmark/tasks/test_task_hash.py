import shutil
from pathlib import Path

import pytest

from benchmark.tasks.task import Task, read_task
from benchmark.tasks.task_hash import task_hash
from tests.benchmark.tasks.made_task import scene_task


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return read_task(scene_task(tmp_path / "here" / "made"))


def test_a_copy_elsewhere_has_the_same_hash(task: Task, tmp_path: Path) -> None:
    copy = read_task(Path(shutil.copytree(task.folder, tmp_path / "there" / "made")))
    (copy.folder / "unused.txt").write_text("")
    assert task_hash(copy, 16000) == task_hash(task, 16000)


@pytest.mark.parametrize(
    "file", ["task_metadata.json", "labelvocabulary.csv", "test.json", "16000/valid/valid-1.wav"]
)
def test_any_changed_byte_changes_it(task: Task, file: str) -> None:
    before = task_hash(task, 16000)
    path = task.folder / file
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    assert task_hash(task, 16000) != before
    path.write_bytes(content)
    assert task_hash(task, 16000) == before


def test_it_depends_on_the_rate_and_on_the_audio_that_serves_it(tmp_path: Path) -> None:
    task = read_task(scene_task(tmp_path / "made", rate=48000))
    at_16k, at_32k = task_hash(task, 16000), task_hash(task, 32000)
    assert at_16k != at_32k
    shutil.copytree(task.folder / "48000", task.folder / "16000")
    assert task_hash(task, 16000) != at_16k
    assert task_hash(task, 32000) == at_32k


def test_a_missing_clip_is_named(task: Task) -> None:
    (task.folder / "16000/test/test-2.wav").unlink()
    with pytest.raises(FileNotFoundError, match=r"test-2.wav is missing, but test.json of made"):
        task_hash(task, 16000)
