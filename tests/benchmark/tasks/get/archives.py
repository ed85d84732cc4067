"""Small task archives made by code, good ones and hostile ones."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import soundfile

RATE = 48000
FOLDER = "esc50-v2.0.0-full"  # any name that get knows
ARCHIVE = f"hear2021-{FOLDER}-48000.tar.gz"
SECONDS = 0.25
CLIPS = {
    split: [f"{split}-{index}.wav" for index in range(4)] for split in ("train", "valid", "test")
}

Change = Callable[[tarfile.TarInfo], object]


def clip(number: int, rate: int = RATE, seconds: float = SECONDS) -> bytes:
    """A tone of its own for each number."""
    time = np.arange(round(seconds * rate)) / rate
    buffer = io.BytesIO()
    audio = 0.4 * np.sin(2 * np.pi * (300 + 50 * number) * time)
    soundfile.write(buffer, audio, rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def task_files(rate: int = RATE) -> dict[str, bytes]:
    """Every file of a whole task, by its place in the task folder."""
    metadata = {
        "task_name": "esc50",
        "embedding_type": "scene",
        "prediction_type": "multiclass",
        "split_mode": "trainvaltest",
        "splits": list(CLIPS),
        "sample_duration": SECONDS,
        "evaluation": ["top1_acc"],
    }
    files = {
        "task_metadata.json": json.dumps(metadata).encode(),
        "labelvocabulary.csv": b"idx,label\r\n0,cat\r\n1,dog\r\n",
    }
    number = 0
    for split, names in CLIPS.items():
        labels = {name: [("cat", "dog")[i % 2]] for i, name in enumerate(names)}
        files[f"{split}.json"] = json.dumps(labels).encode()
        for name in names:
            files[f"{rate}/{split}/{name}"] = clip(number, rate)
            number += 1
    return files


def member(
    name: str, data: bytes = b"", change: Change = lambda info: None
) -> tuple[tarfile.TarInfo, bytes]:
    """A tar member, changed at will."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    change(info)
    return info, data


def whole_task(prefix: str = "tasks/", rate: int = RATE) -> list[tuple[tarfile.TarInfo, bytes]]:
    """The members of a good archive, the folders among them as tar writes them."""
    folder = member(f"{prefix}{FOLDER}", b"", lambda info: setattr(info, "type", tarfile.DIRTYPE))
    files = task_files(rate).items()
    return [folder, *(member(f"{prefix}{FOLDER}/{place}", data) for place, data in files)]


def tar_gz(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """An archive of any members whatever."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)


def write_archive(folder: Path, content: bytes, name: str = ARCHIVE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path
