"""The hidden folder in which a task is assembled, and the check that it is complete.

A task is complete if every clip that its labels name is there, with the right rate and length.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import soundfile

from benchmark.tasks.audio import LENGTH_TOLERANCE, rates_present
from benchmark.tasks.catalogue.listing import GETTING
from benchmark.tasks.labels import read_events, read_scene_labels
from benchmark.tasks.task import Task, read_task
from msssl_common.files import rename_durably, write_text
from msssl_common.locks import locked_or_refused


@dataclass(frozen=True)
class StagingFolder:
    """``{tasks_dir}/.get-{folder}/``: what a stopped run leaves, and the next one resumes.

    Attributes:
        tasks_dir: Where the task folder will be.
        name: Name of the task folder.
    """

    tasks_dir: Path
    name: str

    @property
    def home(self) -> Path:
        """The hidden folder."""
        return self.tasks_dir / f"{GETTING}{self.name}"

    @property
    def task(self) -> Path:
        """The task folder while it is made."""
        return self.home / self.name

    @property
    def final(self) -> Path:
        """The task folder once it is whole."""
        return self.tasks_dir / self.name

    def archive(self, name: str) -> Path:
        """Where a downloaded archive lies until its task is whole."""
        return self.home / name

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out.

        Raises:
            OSError: One is in there.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        busy = BlockingIOError(f"{self.home} is in use by another `msbench tasks get`")
        try:
            with locked_or_refused(self.home / "lock", busy, remove=True):
                yield
        finally:
            with suppress(OSError):
                self.home.rmdir()  # if nothing came of it

    def begin(self, archive: str, rates: set[int]) -> None:
        """Keep clips that an earlier run made, if from the same archive; drop all others.

        Args:
            archive: What identifies the archive: its name and checksum, or the like.
            rates: The sample rates to make, Hz.
        """
        about = self.home / "archive.json"
        if not about.is_file() or about.read_text(encoding="utf-8") != json.dumps(archive):
            shutil.rmtree(self.task, ignore_errors=True)
            write_text(about, json.dumps(archive))
        for leftover in list(self.task.rglob(".*.part")):  # of the file that a kill interrupted
            leftover.unlink()
        if self.task.is_dir():
            for rate in set(rates_present(self.task)) - rates:
                shutil.rmtree(self.task / str(rate))
        self.task.mkdir(exist_ok=True)

    def publish(self) -> None:
        """Put the task folder into its place; one that is there gets the rates that it lacks.

        Raises:
            ValueError: There is a folder of that name with other labels.
        """
        if not self.final.exists():
            rename_durably(self.task, self.final)
        else:
            self._check_same_labels()
            for rate in rates_present(self.task):
                if not (self.final / str(rate)).exists():
                    rename_durably(self.task / str(rate), self.final / str(rate))
        shutil.rmtree(self.home)

    def _check_same_labels(self) -> None:
        for path in self.task.iterdir():
            here = self.final / path.name
            if path.is_file() and (not here.is_file() or here.read_bytes() != path.read_bytes()):
                raise ValueError(
                    f"{here} is not as in the archive: move {self.final} away, or get the task "
                    "into another folder with --to"
                )


@dataclass(frozen=True)
class Contents:
    """What a task folder holds at one rate: clips, and their length in seconds."""

    clips: int
    seconds: float


def verify_task(folder: Path, sample_rate: int) -> Contents:
    """Check a task folder: metadata, vocabulary and labels whole, clips by their headers.

    ``msbench tasks check`` looks further; this is what can go wrong on the way here.

    Args:
        folder: The task folder.
        sample_rate: The rate whose audio to check, Hz.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is not as HEAR's format wants it; the first of the wrong clips is named.
    """
    task = read_task(folder)
    wrong: list[str] = []
    clips, frames = 0, 0
    for split in task.splits:
        read = read_events if task.embedding_type == "event" else read_scene_labels
        for file in read(task, split):
            clips += 1
            try:
                frames += _frames(folder / str(sample_rate) / split / file, task, sample_rate)
            except (ValueError, soundfile.LibsndfileError) as error:
                wrong.append(str(error))
    if wrong:
        raise ValueError(
            f"{len(wrong):,} of {clips:,} clips at {sample_rate} Hz are not as they should be; "
            f"the first: {wrong[0]}"
        )
    return Contents(clips, frames / sample_rate)


def _frames(path: Path, task: Task, sample_rate: int) -> int:
    """Samples of a clip, by its header, once they are known to be right."""
    if not path.is_file():
        raise ValueError(f"{path} is missing")
    info = soundfile.info(path)
    if info.samplerate != sample_rate or info.channels != 1 or not info.frames:
        raise ValueError(
            f"{path} has {info.frames} samples at {info.samplerate} Hz in {info.channels} channels"
        )
    if task.sample_duration is not None:
        wanted = round(task.sample_duration * sample_rate)
        if abs(info.frames - wanted) > LENGTH_TOLERANCE:
            raise ValueError(f"{path} has {info.frames} samples instead of {wanted}")
    return int(info.frames)
