"""``msbench score``: train heads on embedding folders and write upstream's score file beside each.

A folder that fails does not stop the others. ``test.predicted-scores.json`` has the keys of
hear-eval-kit.

Source: heareval.predictions.task_predictions.task_predictions, aggregate_test_results and
hparams_to_json.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from rich.console import Console

from benchmark.heads import evaluate_task
from benchmark.heads.result import FoldResult, TaskResult
from benchmark.heads.saved_heads import SavedHeads, heads_folder
from benchmark.heareval.embedding_folder import folder_hash, read_heareval_folder
from benchmark.protocol import Protocol
from benchmark.runner.provenance import machine, versions
from benchmark.tasks.metadata import read_json_object
from msssl_common.console import bar
from msssl_common.files import remove_leftovers, write_text
from msssl_common.messages import reason_for_cell

FILE_NAME: Final = "test.predicted-scores.json"
OURS: Final = "msbench"  # the one key that upstream does not write

# One value each in every grid of upstream's; here they are part of the model.
FIXED_HPARAMS: Final[Mapping[str, object]] = {
    "embedding_norm": "<class 'torch.nn.modules.linear.Identity'>",
    "hidden_norm": "<class 'torch.nn.modules.batchnorm.BatchNorm1d'>",
    "norm_after_activation": False,
    "optim": "<class 'torch.optim.adam.Adam'>",
}


def predicted_scores(
    result: TaskResult, embedding_path: str, ours: Mapping[str, object]
) -> dict[str, Any]:
    """Upstream's keys in upstream's order, and ours at the end.

    Args:
        result: Of `benchmark.heads.evaluate_task`.
        embedding_path: The folder of the embeddings, as it was given.
        ours: What upstream's file does not tell: protocol, embeddings, versions, machine. The
            choices of every fold are added; upstream tells the first fold's only.
    """
    folds = {fold.test_split: _fold_scores(fold, result.score_name) for fold in result.folds}
    aggregated = {"aggregated_scores": _over_folds(folds)} if len(folds) > 1 else {}
    return {
        **folds,
        **aggregated,
        **_choices(result.folds[0]),
        # Of the watched number, which is not always a score.
        "score_mode": "min" if result.monitored == "loss" else result.score_mode,
        "embedding_path": embedding_path,
        OURS: {**ours, "folds": {fold.test_split: _choices(fold) for fold in result.folds}},
    }


def _fold_scores(fold: FoldResult, score_name: str) -> dict[str, float]:
    scores = dict(fold.scores)
    return {
        "test_loss": scores.pop("test_loss"),
        "test_score": scores[score_name],
        **{f"test_{name}": value for name, value in scores.items()},
        "validation_score": fold.validation_score,
        "epoch": fold.epoch,
        "time_in_min": fold.seconds / 60,
    }


def _choices(fold: FoldResult) -> dict[str, object]:
    return {
        "hparams": _hparams(fold.hyperparameters),
        "postprocessing": [list(pair) for pair in fold.postprocessing],
    }


def _over_folds(folds: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Mean and standard deviation (ddof 1) of every number; NaN folds are left out by pandas."""
    table = pd.DataFrame(list(folds.values()))
    with np.errstate(invalid="ignore"):  # infinite scores have no deviation
        means, stds = table.mean(), table.std()
    aggregated: dict[str, float] = {}
    for (name, mean), std in zip(means.items(), stds, strict=True):
        aggregated |= {f"{name}_mean": float(mean), f"{name}_std": float(std)}
    return aggregated


def _hparams(hyperparameters: Mapping[str, int | float | str]) -> dict[str, object]:
    named = {**hyperparameters, **FIXED_HPARAMS}
    # Upstream's text ends with an address in memory, by which no two files would be equal.
    named["initialization"] = f"<function {hyperparameters['initialization']}>"
    return dict(sorted(named.items()))


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
    was stopped resumes at the head it had reached.

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
    saved = heads_folder(embeddings, protocol, device)
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


def score_folders(
    folders: Sequence[Path],
    protocol: Protocol,
    out: Path | None,
    force: bool,
    device: str,
    console: Console,
    debug: bool,
) -> int:
    """Score folders and print a line for each; see `score_folder`.

    Returns:
        Number of folders that failed.
    """
    failed = 0
    for folder in folders:
        try:
            with bar(console, f"{folder}: training heads") as advance:
                scored = score_folder(folder, protocol, out, force, device, advance)
            outcome = _outcome(scored)
        except Exception as error:
            failed += 1
            outcome = f"failed: {reason_for_cell(error, debug)}"
        console.print(f"{folder}  {outcome}", markup=False, soft_wrap=True)
    return failed


def _outcome(scored: ScoredFolder) -> str:
    value, std = scored.primary
    spread = "" if std is None else f" ± {std:.3f}"
    kept = " (finished earlier)" if scored.kept else ""
    return f"{scored.score_name} {value:.3f}{spread}, {scored.file}{kept}"
