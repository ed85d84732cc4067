"""Which members of an archive belong to a task folder, and which may not be there at all."""

from __future__ import annotations

import re
import tarfile
from pathlib import PurePosixPath
from typing import Final

from benchmark.tasks.metadata import METADATA_FILE
from benchmark.tasks.vocabulary import VOCABULARY_FILE

# Archives begin with "tasks/" or, as hear-preprocess packs them, with "hear-2021.0.6/tasks/".
HOME: Final = re.compile(r"(hear-[^/]+/)?tasks/")
# Control characters, bytes that are no UTF-8, and what Windows takes for a folder or a drive.
UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]|^[A-Za-z]:")


class ArchiveError(ValueError):
    """An archive is damaged, hostile, or of something else than the task."""


def place_in_task(member: tarfile.TarInfo, folder: str) -> PurePosixPath | None:
    """Where in the task folder a member belongs.

    Args:
        member: The member; its name is not trusted.
        folder: Name of the task folder that is wanted.

    Returns:
        ``{split}.json``, ``{sample_rate}/{split}/{file}`` and the like; None for a folder, and for
        files that HEAR's format does not know.

    Raises:
        ArchiveError: The name is absolute or leads outside, the member is a link, a device or
            anything else than a file or a folder, or it lies in another task's folder.
    """
    name = member.name.removeprefix("./").rstrip("/")
    parts = name.split("/")
    if member.name.startswith("/") or ".." in parts or UNSAFE.search(name):
        raise ArchiveError(f"member {member.name!r} leads outside the task folder")
    if member.isdir():
        return None
    if not member.isreg() or member.issparse():
        raise ArchiveError(f"member {member.name!r} is {_kind(member)}, not a plain file")
    if "" in parts:
        raise ArchiveError(f"member {member.name!r} has an empty name")
    home = HOME.match(name)
    inner = PurePosixPath(name[home.end() :] if home else name)
    if inner.parts[:1] != (folder,):
        raise ArchiveError(f"member {member.name!r} is not of task {folder}")
    place = PurePosixPath(*inner.parts[1:])
    return place if _is_known(place) else None


def _is_known(place: PurePosixPath) -> bool:
    """Whether HEAR's format has a file at such a place."""
    if any(part.startswith(".") for part in place.parts):
        return False
    if len(place.parts) == 1:
        texts = (METADATA_FILE, VOCABULARY_FILE)
        return place.name in texts or place.suffix == ".json"
    return len(place.parts) == 3 and place.parts[0].isdecimal()


def _kind(member: tarfile.TarInfo) -> str:
    if member.issym():
        return "a symbolic link"
    if member.islnk():
        return "a hard link"
    if member.issparse():
        return "a sparse file"
    return "a device, a pipe or of unknown type"
