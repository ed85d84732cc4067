from pathlib import Path

import pytest

from benchmark.tasks.find import UnreadableTask, choose, find_tasks
from benchmark.tasks.task import Task
from tests.benchmark.tasks.made_task import event_task, scene_task


def test_tasks_come_sorted_and_a_bad_one_does_not_stop_the_others(tmp_path: Path) -> None:
    scene_task(tmp_path / "c-scene")
    event_task(tmp_path / "a-event")
    (scene_task(tmp_path / "b-broken") / "task_metadata.json").unlink()
    (tmp_path / ".cache").mkdir()
    (tmp_path / "README.md").write_text("")
    first, second, third = find_tasks(tmp_path)
    assert isinstance(first, Task)
    assert first.full_name == "a-event"
    assert isinstance(second, UnreadableTask)
    assert second.full_name == "b-broken"
    assert "b-broken/task_metadata.json is missing" in second.reason
    assert isinstance(third, Task)
    assert third.full_name == "c-scene"


def test_a_single_task_folder(tmp_path: Path) -> None:
    folder = scene_task(tmp_path / "made")
    (task,) = find_tasks(folder)
    assert isinstance(task, Task)
    (folder / "task_metadata.json").unlink()
    (bad,) = find_tasks(folder)
    assert isinstance(bad, UnreadableTask)
    assert bad.full_name == "made"


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="has no task folder"):
        find_tasks(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder of tasks"):
        find_tasks(tmp_path / "nowhere")


def test_links_are_tasks_of_their_own_names(tmp_path: Path) -> None:
    scene_task(tmp_path / "away" / "data-v1-full")
    (tmp_path / "tasks").mkdir(exist_ok=True)
    for name in ("birds-v1-full", "bats-v1-full", "broken-v1-full"):
        (tmp_path / "tasks" / name).symlink_to(tmp_path / "away" / "data-v1-full")
    (tmp_path / "empty").mkdir()
    (tmp_path / "tasks" / "empty-v1-full").symlink_to(tmp_path / "empty")
    names = [task.full_name for task in find_tasks(tmp_path / "tasks")]
    assert names == ["bats-v1-full", "birds-v1-full", "broken-v1-full", "empty-v1-full"]


def test_names_are_equal_in_either_unicode_form(tmp_path: Path) -> None:
    composed, apart = "caf\u00e9-v1-full", "cafe\u0301-v1-full"
    for asked, there in ((composed, apart), (apart, composed)):
        folder = tmp_path / asked.encode("utf-8").hex()
        scene_task(folder / there)
        scene_task(folder / "other-v1-full")
        (task,) = choose(find_tasks(folder), [asked])
        assert task.full_name == there


def test_a_near_name_is_offered_and_all_are_listed_without_one(tmp_path: Path) -> None:
    scene_task(tmp_path / "birds-v1-full")
    (tmp_path / "office-v1-full").mkdir()
    found = find_tasks(tmp_path)
    for asked in ("Birds-v1-full", "brids-v1-full", "birds-v1-ful"):
        with pytest.raises(ValueError, match=r"did you mean 'birds-v1-full'\?"):
            choose(found, [asked])
    with pytest.raises(ValueError, match="there are birds-v1-full, office-v1-full"):
        choose(found, ["zzz"])
    assert choose(found, []) == found
