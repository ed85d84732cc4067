"""From what a user calls a HEAR task to its task folders."""

from __future__ import annotations

import difflib
import re

from benchmark.tasks.catalogue.hear_tasks import HearTask, hear_tasks

CLOSE = 0.5  # difflib's ratio from which a name is worth suggesting


def folders_called(name: str) -> tuple[str, ...]:
    """The task folders that a name stands for.

    A task is called by its short name (``esc50``), its name in the leaderboard
    (``esc50-v2.0.0-full``) or its title there (``ESC-50``); case, spaces and punctuation do not
    matter. A folder's own name stands for that folder alone.

    Raises:
        ValueError: No task is called so, or several are (``nsynth_pitch``).
    """
    called = _plain(name)
    for task in hear_tasks():
        for folder in task.folders:
            if _plain(folder) == called:
                return (folder,)
        if called in map(_plain, (task.name, task.title, task.task)):
            return task.folders
    raise ValueError(_unknown(name, called))


def _unknown(name: str, called: str) -> str:
    """The sentence for a name that stands for no task: what it may have meant."""
    if called.startswith("embedded"):
        return f"{name!r} needs no download: msbench run makes the embedded suite at its first use."
    several = [task for task in hear_tasks() if called and _plain(task.name).startswith(called)]
    if len(several) > 1:
        names = " and ".join(task.name for task in several)
        return f"{name!r} may be {names}: say which."
    close = [task.name for task in several] or _close(called)
    if close:
        return f"There is no HEAR task {name!r}; close to it: {', '.join(close)}."
    names = ", ".join(task.name for task in hear_tasks())
    return f"There is no HEAR task {name!r}; there are {names}."


def _close(called: str) -> list[str]:
    """Short names of the tasks that are written much like this, the closest first."""

    def likeness(task: HearTask) -> float:
        matcher = difflib.SequenceMatcher(b=called)
        ratios = []
        for known in map(_plain, (task.name, task.title, task.task)):
            matcher.set_seq1(known)
            ratios.append(matcher.ratio())
        return max(ratios)

    scored = sorted(((likeness(task), task.name) for task in hear_tasks()), reverse=True)
    return [name for ratio, name in scored[:3] if ratio >= CLOSE]


def _plain(name: str) -> str:
    """A name without case, spaces and punctuation; the site's "5hr" is the folders' "5h"."""
    letters = re.sub(r"[^a-z0-9]", "", name.lower())
    return re.sub(r"(?<=\d)hr$", "h", letters)
