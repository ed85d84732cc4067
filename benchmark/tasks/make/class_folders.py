"""A folder per class: ``{class}/...`` or ``{split}/{class}/...``, with audio at any depth below."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.tasks.make.names import plain_label, unique_stems
from benchmark.tasks.make.own_task import OwnTask, plan_own
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.split_names import is_split_name
from benchmark.tasks.make.splits import Splitting
from msssl_common.audio_folders import AUDIO_SUFFIXES, find_audio_files


def plan(root: Path, task: OwnTask, splitting: Splitting, group_pattern: str | None) -> TaskPlan:
    """Plan a task.

    Args:
        root: Folder of a folder per class; or of folders called train, valid, test or fold1, ...
            with a folder per class each.
        task: What was decided of the task.
        splitting: How to draw splits, if there are no such folders.
        group_pattern: Regular expression that finds, in a file's name, what must not straddle two
            splits: its first group, or all that it matches.

    Raises:
        ValueError: There are not two classes, a name does not match, or as `plan_own`.
    """
    root = _inner(root)
    found = find_audio_files(root, AUDIO_SUFFIXES)
    files = sorted(found.files)
    tops = {file.relative_to(root).parts[0] for file in files if file.parent != root}
    depth = 1 if tops and all(is_split_name(name) for name in tops) else 0
    files = [file for file in files if len(file.relative_to(root).parts) > depth + 1]
    classes = {file.relative_to(root).parts[depth] for file in files}
    if len(classes) < 2:
        raise ValueError(
            f"{root} must have a folder of audio per class, but has {len(classes)} such folders: "
            "expected {class}/*.wav, or {train,valid,test}/{class}/*.wav, below it."
        )
    pattern = None if group_pattern is None else re.compile(group_pattern)
    clips = [
        RawClip(
            source=file,
            stem=stem,
            split=file.relative_to(root).parts[0] if depth else "",
            labels=(plain_label(file.relative_to(root).parts[depth]),),
            group=None if pattern is None else _group(file, pattern),
        )
        for file, stem in zip(files, unique_stems(files, root), strict=True)
    ]
    return plan_own(task, clips, splitting, found.not_followed)


def _inner(root: Path) -> Path:
    """The folder itself, or the only one in it, as archives often have one around everything."""
    inside = [path for path in root.iterdir() if not path.name.startswith((".", "__MACOSX"))]
    folders = [path for path in inside if path.is_dir()]
    if len(folders) != 1 or any(path.suffix.lower() in AUDIO_SUFFIXES for path in inside):
        return root
    return _inner(folders[0])


def _group(file: Path, pattern: re.Pattern[str]) -> str:
    match = pattern.search(file.name)
    if match is None:
        raise ValueError(
            f"{file}: the pattern {pattern.pattern!r} of --group is not in the name of the file; "
            "folders do not count."
        )
    return match[1] if pattern.groups else match[0]
