"""The page docs/tasks_list.md: every known task in Markdown, whether it is here or not."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from benchmark.tasks.catalogue.hear_tasks import HearTask, hear_tasks
from benchmark.tasks.catalogue.listing import UNKNOWN, embedded_tasks, shown_hours
from benchmark.tasks.catalogue.more_tasks import MadeTask, more_tasks

THREE: Final = "train, valid, test"
HEADER: Final = (
    "| task | data set | family | score | classes | clips | hours | splits | licence | get it |"
)
RULE: Final = "|:--|:--|:--|:--|--:|--:|--:|:--|:--|:--|"

PAGE: Final = """\
# List of tasks

`msbench tasks ls --markdown` prints this page. [tasks.md](tasks.md) says how to get and make tasks,
and where the facts come from.

- **score**: the first score of a task, which selects the head.
- **hours**: the number of clips times their length; as published where clips keep their lengths.
- **get it**: `get` is `msbench tasks get NAME`, a download. `make` is `msbench tasks make NAME
  --source ARCHIVE`, from the data set's own archives; if one is missing, the command says where to
  download it.
- A dash means that no source that we know states it.

## HEAR's tasks

{hear}

## Tasks beyond HEAR's

[tasks.md](tasks.md#tasks-beyond-hears) names the archives and says whose the splits are.

{more}

## The embedded suite

`msbench run` without `--tasks-dir` makes these at its first run
([embedded_suite.md](embedded_suite.md)).

{embedded}
"""


def tasks_page(made: Collection[str]) -> str:
    """The page.

    Args:
        made: Short names of the tasks that ``msbench tasks make`` makes.
    """
    embedded = (
        _row(
            f"`{task.name}`",
            "synthetic",
            task.kind,
            task.metric,
            (task.classes, task.clips, task.hours),
            THREE,
            task.licence,
            "run",
        )
        for task in embedded_tasks()
    )
    return PAGE.format(
        hear=_table(_hear_row(task, task.name in made) for task in hear_tasks()),
        more=_table(_made_row(task) for task in more_tasks()),
        embedded=_table(embedded),
    )


def _table(rows: Iterable[str]) -> str:
    return "\n".join((HEADER, RULE, *rows))


def _hear_row(task: HearTask, made: bool) -> str:
    return _row(
        f"`{task.name}`",
        f"[{task.title}]({task.data_set})",
        task.kind,
        task.metric,
        (task.classes, task.clips, task.hours),
        THREE if task.folds == 1 else f"{task.folds} folds",
        task.licence,
        "get, make" if made else "get",
    )


def _made_row(task: MadeTask) -> str:
    return _row(
        f"`{task.name}`",
        f"[{task.title}]({task.data_set})",
        task.kind,
        task.metric,
        (task.classes, task.clips, task.hours),
        task.splits,
        task.licence,
        "make",
    )


def _row(
    task: str,
    data_set: str,
    kind: str,
    metric: str,
    numbers: tuple[int | None, int | None, float | None],
    splits: str,
    licence: str | None,
    get_it: str,
) -> str:
    classes, clips, hours = numbers
    cells = (
        task,
        data_set,
        kind,
        f"`{metric}`",
        UNKNOWN if classes is None else f"{classes:,}",
        UNKNOWN if clips is None else f"{clips:,}",
        UNKNOWN if hours is None else shown_hours(hours),
        splits,
        licence or UNKNOWN,
        get_it,
    )
    return f"| {' | '.join(cells)} |"
