"""Heads on one folder of embeddings, and upstream's score file beside them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.heads import evaluate_task
from benchmark.heads.saved_heads import SavedHeads
from benchmark.interchange.folder_hash import folder_hash
from benchmark.interchange.heareval_folder import read_heareval_folder
from benchmark.interchange.predicted_scores import FILE_NAME, OURS, predicted_scores
from benchmark.protocol import Protocol
from benchmark.runner.provenance import machine, versions
from benchmark.tasks.json_file import read_json_object
from msssl_common.files import cache_root, remove_leftovers, write_text


@dataclass(frozen=True)
class ScoredFolder:
    """Scores of a folder.

    Attributes:
        file: The score file.
        content: What is in it.
        score_name: The task's first score.
        kept: Whether an earlier run had written it.
    """

    file: Path
    content: dict[str, Any]
    score_name: str
    kept: bool

    @property
    def primary(self) -> tuple[float, float | None]:
        """The first score, and over folds its standard deviation."""
        if "aggregated_scores" in self.content:
            folds = self.content["aggregated_scores"]
            return folds["test_score_mean"], folds["test_score_std"]
        return self.content["test"]["test_score"], None


def score_folder(
    folder: Path,
    protocol: Protocol,
    out: Path | None = None,
    force: bool = False,
    device: str = "cpu",
    on_progress: Callable[[int, int], None] | None = None,
) -> ScoredFolder:
    """Train heads on a folder's embeddings and write ``test.predicted-scores.json``.

    A file that was written from the same embeddings under the same protocol is kept. A run that
    was stopped goes on at the head it had reached.

    Args:
        folder: Of hear-eval-kit's or of ``msbench export``.
        protocol: How heads are trained and judged.
        out: The score file, if not to be beside the embeddings.
        force: Whether to overwrite scores of another tool or protocol or of other embeddings.
        device: Torch device that trains in fast mode.
        on_progress: Called with the trainings done and the trainings in all.

    Raises:
        FileExistsError: There is such a file, which ``force`` would overwrite.
        ValueError: The folder cannot be read or used.
        OSError: A file is missing, or the score file's folder cannot be written to.
    """
    task, splits = read_heareval_folder(folder)
    file = out or folder / FILE_NAME
    _check_writable(file)
    remove_leftovers(file.parent)
    embeddings = folder_hash(task)
    saved = _heads_folder(embeddings, protocol, device)
    kept = None if force else _kept(file, protocol, embeddings)
    if kept is not None:
        SavedHeads(saved).remove()  # of a run that was killed after it saved the scores
        return ScoredFolder(file, kept, task.evaluation[0], kept=True)
    result = evaluate_task(task, splits, protocol, on_progress, saved, device)
    ours = {**_question(protocol, embeddings), "versions": versions(), "machine": machine(device)}
    content = predicted_scores(result, str(folder), ours)
    write_text(file, json.dumps(content, indent=4))
    SavedHeads(saved).remove()
    return ScoredFolder(file, content, task.evaluation[0], kept=False)


def _kept(file: Path, protocol: Protocol, embeddings: str) -> dict[str, Any] | None:
    """The content of a file that answers the same question; None if there is no file."""
    if not file.exists():
        return None
    content = read_json_object(file, "a task's scores")
    ours = content.get(OURS)
    if not isinstance(ours, dict):
        raise FileExistsError(
            f"{file} was written by another tool: --force overwrites it, --out writes elsewhere."
        )
    for key, value in _question(protocol, embeddings).items():
        if ours.get(key) != value:
            other = "other embeddings" if key == "embeddings" else "another protocol"
            raise FileExistsError(
                f"{file} holds scores of {other} ({key} {ours.get(key)}, not {value}): --force "
                "overwrites it, --out writes elsewhere."
            )
    return content


def _question(protocol: Protocol, embeddings: str) -> dict[str, object]:
    """What must be equal for two files to hold the same scores."""
    facts = asdict(protocol)
    return {"protocol_version": facts.pop("version"), **facts, "embeddings": embeddings}


def _check_writable(file: Path) -> None:
    """Better now than after the training."""
    folder = file.parent
    if file.is_dir() or (folder.exists() and not os.access(folder, os.W_OK | os.X_OK)):
        raise PermissionError(f"{file} cannot be written: name another file with --out.")


def _heads_folder(embeddings: str, protocol: Protocol, device: str) -> Path:
    """Where the heads of an unfinished task are kept: named by all that they depend on."""
    key = hashlib.sha256(f"{embeddings}\n{protocol}\n{device}".encode()).hexdigest()
    return cache_root() / "heads" / key
