"""What the machine does to a command: disks that are full or read-only, rights that are missing."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOMY = 1 << 30  # bytes
DAC_OVERRIDE, DAC_READ_SEARCH = 1, 2  # capabilities(7): what makes root disregard permissions
CAPABILITY_VERSION = 0x20080522


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


def may_mount(folder: Path) -> bool:
    """Whether file systems can be mounted here, as root in a container often may not."""
    try:
        with small_disk(folder):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of its own in memory, with room."""
    folder.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", f"size={ROOMY}", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def leave_room(folder: Path, size: int) -> None:
    """Let a small disk have so many bytes left."""
    disk = os.statvfs(folder)
    used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
    whole = used + size // disk.f_frsize * disk.f_frsize
    mount("-o", f"remount,size={max(disk.f_frsize, whole)}", str(folder))


def make_room(folder: Path) -> None:
    mount("-o", f"remount,size={ROOMY}", str(folder))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that can only be read, also by root."""
    folder.mkdir(parents=True, exist_ok=True)
    mount("--bind", str(folder), str(folder))
    mount("-o", "remount,bind,ro", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """A folder in which its owner may not write; root may, but for `like_other_users`."""
    folder.mkdir(parents=True, exist_ok=True)
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        yield
    finally:
        for path in folders:
            path.chmod(0o755)


def like_other_users() -> None:
    """Take from this process what makes root disregard permissions."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice 32
    if libc.capget(header, sets):
        raise OSError(ctypes.get_errno(), "capget")
    keep = ~((1 << DAC_OVERRIDE) | (1 << DAC_READ_SEARCH)) & 0xFFFFFFFF
    sets[0] &= keep
    sets[1] &= keep
    if libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")


def only_small_files(size: int) -> None:
    """Let no file of this process grow beyond so many bytes: a full disk for those without root."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
