"""The facts of tasks beyond HEAR's, against the recipes that make them, and the page of all."""

from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.cli import main
from benchmark.cli.make_known import HEAR, MORE
from benchmark.tasks.catalogue.hear_tasks import folders_called, hear_tasks
from benchmark.tasks.catalogue.more_tasks import MadeTask, more_tasks
from benchmark.tasks.make import common_language, crema_d_speakers, nsynth_instrument, ravdess
from benchmark.tasks.make.own_task import OwnTask

PAGE = Path(__file__).parents[4] / "docs" / "tasks_list.md"


def test_every_recipe_is_a_command_and_has_its_facts() -> None:
    folders = {name: f"{base}-{mode}" for name, (base, mode, _) in MORE.items()}
    assert {task.name: task.task for task in more_tasks()} == folders


@pytest.mark.parametrize("fact", more_tasks(), ids=lambda task: task.name)
def test_facts_are_those_that_the_recipe_writes(fact: MadeTask) -> None:
    module = import_module(f"benchmark.tasks.make.{fact.task.partition('-')[0]}")
    task = getattr(module, "TASK", None)
    if not isinstance(task, OwnTask):  # NSynth's, planned as HEAR's pitch task
        assert (fact.kind, fact.metric) == ("scene", "top1_acc")
        return
    assert task.folder_name == fact.task
    assert (task.embedding_type, task.evaluation[0]) == (fact.kind, fact.metric)


def test_clips_are_those_that_recipes_expect() -> None:
    clips = {task.name: task.clips for task in more_tasks()}
    assert clips["ravdess"] == sum(ravdess.CLIPS.values())
    assert clips["crema_d_speakers"] == sum(crema_d_speakers.CLIPS.values())
    assert clips["common_language"] == sum(common_language.CLIPS.values())
    assert clips["nsynth_instrument_full"] == sum(nsynth_instrument.CLIPS["full"].values())


def test_no_name_means_two_tasks() -> None:
    names = [task.name for task in hear_tasks()] + [task.name for task in more_tasks()]
    assert len(set(names)) == len(names)
    assert set(HEAR) <= {task.name for task in hear_tasks()}


def test_get_says_that_a_recipe_is_to_be_made() -> None:
    with pytest.raises(ValueError, match="msbench tasks make urbansound8k"):
        folders_called("UrbanSound-8K")


def test_the_page_is_what_the_command_prints() -> None:
    result = CliRunner().invoke(main, ["tasks", "ls", "--markdown"])
    assert result.exit_code == 0, result.output
    message = "run msbench tasks ls --markdown > docs/tasks_list.md"
    assert PAGE.read_text(encoding="utf-8") == result.output, message


def test_every_known_task_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in (*(task.name for task in hear_tasks()), *MORE, "embedded_event"):
        assert f"| `{name}`" in page
