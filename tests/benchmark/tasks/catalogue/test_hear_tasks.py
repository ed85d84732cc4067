"""The facts of the 19 HEAR tasks, against those that others in this repository hold."""

import pytest

from benchmark.report.published import published_scores
from benchmark.tasks.catalogue.hear_tasks import HearTask, folders_called, hear_tasks
from benchmark.tasks.find import find_tasks
from benchmark.tasks.task import EVENT_SCORE_NAMES, ROW_SCORE_NAMES, Task


def test_they_are_the_tasks_of_the_public_leaderboard() -> None:
    published = {(row.task, row.score) for row in published_scores()}
    assert {(task.task, task.metric) for task in hear_tasks()} == published
    assert len(hear_tasks()) == 19


def test_kinds_follow_from_metrics() -> None:
    for task in hear_tasks():
        kind = "event" if task.metric in EVENT_SCORE_NAMES else "scene"
        assert task.kind == ("pitch" if task.metric == "pitch_acc" else kind)
        assert task.metric in ROW_SCORE_NAMES + EVENT_SCORE_NAMES


@pytest.mark.parametrize(
    ("name", "hours"),
    [  # in words in hear-preprocess or on hearbenchmark.com
        ("libricount", 7.94),
        ("vocal_imitation", 17.52),
        ("mridangam_stroke", 94.1 / 60 + 0.001),
        ("beijing_opera", 1125.72 / 3600),
        ("vox_lingua_top10", 18118 / 3600),
    ],
)
def test_hours_as_their_makers_say(name: str, hours: float) -> None:
    assert of(name).hours == pytest.approx(hours, rel=2e-3)


def of(name: str) -> HearTask:
    return next(task for task in hear_tasks() if task.name == name)


def test_what_nobody_states_is_empty() -> None:
    assert of("fsd50k").hours is None
    assert of("maestro").classes is None
    assert of("gunshot_triangulation").licence is None


@pytest.mark.shared
def test_facts_as_in_the_real_task(shared_data) -> None:
    found = {task.full_name: task for task in find_tasks(shared_data / "tasks")}
    task, facts = found["esc50-v2.0.0-full"], of("esc50")
    assert isinstance(task, Task)
    assert len(task.vocabulary) == facts.classes
    assert task.sample_duration == facts.seconds
    assert task.evaluation[0] == facts.metric


@pytest.mark.parametrize("task", hear_tasks(), ids=lambda task: task.name)
def test_every_name_finds_its_task(task: HearTask) -> None:
    for name in (task.name, task.title, task.task, task.name.upper(), task.title.replace(" ", "-")):
        assert folders_called(name) == task.folders
    for folder in task.folders:
        assert folders_called(folder) == (folder,)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nsynth_pitch", "may be nsynth_pitch_50h and nsynth_pitch_5h"),
        ("speech_commands", "may be speech_commands_5h and speech_commands_full"),
        ("mridangam", "may be mridangam_stroke and mridangam_tonic"),
        ("esc-5O", "close to it: esc50"),
        ("libri", "close to it: libricount"),
        ("maestr", "close to it: maestro"),
        ("embedded_pitch-v2-synthetic", "needs no download"),
        ("zzzzqqq", "there are beehive_states"),
        ("", "there are beehive_states"),
    ],
)
def test_other_names_get_a_sentence(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        folders_called(name)
