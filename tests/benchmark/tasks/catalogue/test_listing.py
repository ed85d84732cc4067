"""What ``msbench tasks ls`` knows of the embedded suite, of a folder, and of what is here."""

from pathlib import Path

import pytest

from benchmark.tasks.catalogue.listing import Listed, listed_tasks
from tests.benchmark.tasks.made_task import event_task, scene_task, tone

ESC50 = "esc50-v2.0.0-full"
KNOWN = 3 + 19 + 9  # embedded, HEAR's, recipes


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def listed(tasks_dir: Path | None = None) -> dict[str, Listed]:
    tasks, _ = listed_tasks(tasks_dir)
    return {task.task: task for task in tasks}


def test_without_a_folder() -> None:
    tasks = listed()
    assert len(tasks) == KNOWN
    assert {task.here for task in tasks.values() if task.origin == "HEAR"} == {"no"}
    embedded = [task for task in tasks.values() if task.origin == "made here"]
    assert [task.kind for task in embedded] == ["scene", "event", "pitch"]
    assert {task.here for task in embedded} == {"at first use"}


def test_listing_makes_nothing(cache: Path) -> None:
    listed()
    assert not cache.exists()


def test_the_embedded_suite_when_it_is_made(cache: Path) -> None:
    from benchmark.tasks.embedded.suite import RECIPES, generator_version

    (cache / "embedded" / generator_version() / RECIPES[0].folder).mkdir(parents=True)
    assert listed()[RECIPES[0].folder].here == "yes"
    assert listed()[RECIPES[1].folder].here == "at first use"


def test_local_tasks_are_counted(tmp_path: Path) -> None:
    scene_task(tmp_path / "tasks" / "mine-v1-full")
    event_task(tmp_path / "tasks" / "events-v1-full", seconds=2.0)
    tasks = listed(tmp_path / "tasks")
    mine, events = tasks["mine-v1-full"], tasks["events-v1-full"]
    assert (mine.kind, mine.classes, mine.clips, mine.metric) == ("scene", 2, 9, "top1_acc")
    assert mine.hours == pytest.approx(9 * 0.5 / 3600)
    assert (mine.origin, mine.here, mine.licence) == ("local", "16 kHz", None)
    assert (events.kind, events.clips, events.hours) == ("event", 3, pytest.approx(6 / 3600))


def test_hours_of_clips_of_any_length_are_measured(tmp_path: Path) -> None:
    folder = scene_task(tmp_path / "tasks" / "mine-v1-full", sample_duration=None)
    import soundfile

    soundfile.write(folder / "16000" / "train" / "train-0.wav", tone(3.0), 16000)
    assert listed(tmp_path / "tasks")["mine-v1-full"].hours == pytest.approx((8 * 0.5 + 3) / 3600)


def test_a_local_task_that_is_broken_is_listed_without_numbers(tmp_path: Path) -> None:
    folder = scene_task(tmp_path / "tasks" / "mine-v1-full")
    (folder / "valid.json").unlink()
    task = listed(tmp_path / "tasks")["mine-v1-full"]
    assert (task.clips, task.hours) == (None, None)


def test_what_cannot_be_read_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "tasks" / "odd").mkdir(parents=True)
    _, unreadable = listed_tasks(tmp_path / "tasks")
    assert [task.full_name for task in unreadable] == ["odd"]


def test_hear_tasks_that_are_here(tmp_path: Path) -> None:
    folder = scene_task(tmp_path / "tasks" / ESC50)
    (folder / "22050").mkdir()
    task = listed(tmp_path / "tasks")[ESC50]
    assert task.here == "16, 22.05 kHz"
    assert (task.origin, task.clips) == ("HEAR", 2000)
    assert len(listed(tmp_path / "tasks")) == KNOWN


def test_a_recipes_task_that_is_here_is_not_listed_twice(tmp_path: Path) -> None:
    scene_task(tmp_path / "tasks" / "urbansound8k-v1.0-full")
    tasks = listed(tmp_path / "tasks")
    assert len(tasks) == KNOWN
    task = tasks["urbansound8k-v1.0-full"]
    assert (task.origin, task.here, task.clips) == ("recipe", "16 kHz", 8732)


def test_half_of_the_beehive(tmp_path: Path) -> None:
    scene_task(tmp_path / "tasks" / "beehive_states_fold1-v2-full")
    tasks = listed(tmp_path / "tasks")
    assert tasks["beehive_states-v2-full"].here == "16 kHz (1 of 2 folders)"
    assert "beehive_states_fold1-v2-full" not in tasks


def test_what_get_has_not_finished(tmp_path: Path) -> None:
    (tmp_path / "tasks" / f".get-{ESC50}").mkdir(parents=True)
    assert listed(tmp_path / "tasks")[ESC50].here == "unfinished"


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="is not a folder of tasks"):
        listed(tmp_path / "nowhere")


@pytest.mark.shared
def test_real_tasks(shared_data: Path) -> None:
    tasks = listed(shared_data / "tasks")
    digits = tasks["spoken_digit-1.0.9-speakers"]
    assert (digits.clips, digits.classes, digits.here) == (3000, 10, "16 kHz")
    assert digits.hours == pytest.approx(0.36, abs=0.01)  # of any length: measured
