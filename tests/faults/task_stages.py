"""Stages of ``msbench tasks get``, ``make`` and the embedded suite."""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.tasks.get import origin as zenodo
from tests.benchmark.tasks.get.archives import ARCHIVE, FOLDER, clip, write_archive
from tests.benchmark.tasks.get.hostile_server import Behaviour, serving
from tests.benchmark.tasks.get.test_get_task import CONTENT, publish
from tests.faults.forked import kill, reap, workers_by_fork
from tests.faults.stage import Stage

FEW, MANY = 24, 70  # clips: as many as one process converts, and more
HERE = "is there already"


def _archive(place: Path) -> None:
    write_archive(place / "archives", CONTENT)


def _nothing(place: Path) -> None:
    (place / "tasks").mkdir()


def _wavs(place: Path, clips: int) -> None:
    (place / "raw").mkdir()
    rows = ["file,label"]
    for index in range(clips):
        name = f"{index:03d}.wav"
        (place / "raw" / name).write_bytes(clip(index, rate=44100))
        rows.append(f"{name},{'ab'[index % 2]}")
    (place / "raw" / "labels.csv").write_text("\n".join(rows) + "\n")


def _few(place: Path) -> None:
    """In a zip archive, which is unpacked first."""
    _wavs(place, FEW)
    (place / "archives").mkdir()
    with zipfile.ZipFile(place / "archives" / "raw.zip", "w") as archive:
        for path in sorted((place / "raw").iterdir()):
            archive.write(path, path.name)


def _many(place: Path) -> None:
    _wavs(place, MANY)


def _two_cores() -> None:
    from benchmark.tasks.make import convert

    convert.usable_cores = lambda: 2  # type: ignore[attr-defined]
    workers_by_fork()


def _make(source: str) -> tuple[str, ...]:
    words = ("msbench", "tasks", "make", "csv", "letters", "--source", source)
    return (*words, "--csv", "labels.csv", "--to", "tasks", "--duration", "0.2")


def _tiny_suite() -> None:
    """Three clips of each embedded task, none of whose hashes is known."""
    from dataclasses import replace

    from benchmark.tasks.embedded import suite

    few = dict.fromkeys(("train", "valid", "test"), 1)
    suite.RECIPES = tuple(  # type: ignore[misc]
        replace(recipe, clips=few, sha256=None) for recipe in suite.RECIPES
    )
    suite.usable_cores = lambda: 1  # type: ignore[attr-defined]
    workers_by_fork()


DOWNLOAD = Stage(
    name="tasks get: download",
    command=("msbench", "tasks", "get", FOLDER, "--to", "tasks"),
    begin=_nothing,
    outputs=("tasks",),
    lost="a block of bytes, and the clips in progress",
)
GET_FROM = Stage(
    name="tasks get --from",
    command=("msbench", "tasks", "get", FOLDER, "--to", "tasks", "--from", "archives"),
    begin=_archive,
    outputs=("tasks",),
    inputs="archives",
    clip=f"archives/{ARCHIVE}",
    lost="the clips in progress",
)
MAKE = Stage(
    name="tasks make",
    command=_make("archives/raw.zip"),
    begin=_few,
    outputs=("tasks",),
    once=HERE,
    inputs="archives",
    clip="archives/raw.zip",
    lost="an archive while it is unpacked, else a clip",
)
MAKE_MANY = Stage(
    name="tasks make, worker processes",
    command=_make("raw"),
    begin=_many,
    outputs=("tasks",),
    in_child=_two_cores,
    once=HERE,
    inputs="raw",
    clip="raw/069.wav",
    workers=True,
    lost="a clip per process",
)
SUITE = Stage(
    name="embedded suite",
    command=("msbench", "export", "benchmark.baselines.logmel", "--out", "embeddings"),
    begin=_nothing,
    outputs=("cache", "embeddings"),
    in_child=_tiny_suite,
    workers=True,
    lost="the task being made (a minute)",
)

STAGES = (DOWNLOAD, GET_FROM, MAKE, MAKE_MANY, SUITE)


@contextmanager
def zenodo_here() -> Iterator[None]:
    """Let ``tasks get`` ask a server in another process, which has one archive."""
    reading, writing = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if not child:
        with serving(Behaviour()) as server:
            publish(server, CONTENT)
            os.write(writing, server.url.encode())
            os.close(writing)
            while os.getppid() == parent:
                time.sleep(1)
        os._exit(0)
    os.close(writing)
    url = os.read(reading, 100).decode()
    os.close(reading)
    before, zenodo.API = zenodo.API, f"{url}/api"  # type: ignore[misc]
    try:
        yield
    finally:
        zenodo.API = before  # type: ignore[misc]
        kill(child)
        reap(child)
