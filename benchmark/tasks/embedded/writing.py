"""Writing a made task in HEAR's on-disk format."""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.tasks.embedded.recipe import Recipe
from benchmark.tasks.embedded.signal import SAMPLE_RATE, Signal
from benchmark.tasks.metadata import METADATA_FILE, VOCABULARY_FILE
from msssl_common.files import writing

Labels = list[str] | list[dict[str, Any]]


def write_clips(recipe: Recipe, folder: Path, split: str, indices: range) -> dict[str, Labels]:
    """Make some clips of a split and write their audio.

    Args:
        recipe: The task.
        folder: The task's folder; its audio folders must exist.
        split: The split.
        indices: Numbers of the clips.

    Returns:
        File name -> labels, entries of ``{split}.json``.
    """
    labels: dict[str, Labels] = {}
    for index in indices:
        clip = recipe.make_clip(split, index)
        write_wav(audio_folder(folder, split) / clip.file, clip.audio)
        labels[clip.file] = clip.labels
    return labels


def write_wav(path: Path, audio: Signal) -> None:
    """Write mono 16-bit PCM; the standard library's header has the same bytes everywhere."""
    pcm = np.rint(np.clip(audio, -1.0, 1.0) * 32767.0).astype("<i2")
    with writing(path), wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm.tobytes())


def audio_folder(folder: Path, split: str) -> Path:
    """Where a split's audio lies."""
    return folder / str(SAMPLE_RATE) / split


def write_texts(recipe: Recipe, folder: Path, labels: dict[str, dict[str, Labels]]) -> None:
    """Write metadata, vocabulary and the label file of each split, its clips sorted by name."""
    _write(folder / METADATA_FILE, _json(recipe.metadata()))
    rows = "".join(f"{index},{label}\r\n" for index, label in enumerate(recipe.vocabulary))
    _write(folder / VOCABULARY_FILE, f"idx,label\r\n{rows}")
    for split, clips in labels.items():
        _write(folder / f"{split}.json", _json(dict(sorted(clips.items()))))


def _json(content: object) -> str:
    return json.dumps(content, indent=1) + "\n"


def _write(path: Path, text: str) -> None:
    with writing(path):
        path.write_bytes(text.encode())  # no translation of line ends: the same bytes everywhere
