"""Fill the cells of a run: embed a task once, train heads for every seed, keep the result.

Cells may be finished in any order.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from benchmark.embeddings.cache import CacheEntry, changed_input, describe, entry_folder, read_about
from benchmark.embeddings.embed import TaskEmbeddings, embed_task
from benchmark.embeddings.splits import EventSplit
from benchmark.events.table import event_table
from benchmark.heads.evaluate import evaluate_task
from benchmark.heads.result import TaskResult
from benchmark.heads.rows import Split
from benchmark.heads.saved_heads import SavedHeads
from benchmark.models.hear_module import HearModule
from benchmark.results.cell_files import cell_path, load_cell, save_cell
from benchmark.results.cells import Cell, Cost, FoldScores
from benchmark.results.predictions import (
    EventPredictions,
    Predictions,
    ScenePredictions,
    predictions_file,
)
from benchmark.results.verified import damage
from benchmark.runner.plan import RunPlan
from benchmark.runner.progress import Advance, Progress
from benchmark.runner.provenance import machine, versions
from benchmark.runner.tracking import Tracking
from benchmark.tasks.task import Task
from msssl_common.files import cache_root, write_text
from msssl_common.messages import reason_for_cell


def task_predictions(
    result: TaskResult, splits: Mapping[str, Split], vocabulary: Sequence[str]
) -> Predictions:
    """What a task's heads predicted, beside the labels of its test splits."""
    scenes: list[ScenePredictions] = []
    events: list[EventPredictions] = []
    for fold in result.folds:
        name, clips, split = fold.test_split, fold.clips, splits[fold.test_split]
        if not isinstance(fold.predictions, dict):
            scenes.append(ScenePredictions(name, clips, fold.predictions, split.targets))
        elif isinstance(split, EventSplit):
            predicted = event_table(fold.predictions, clips, vocabulary)
            reference = event_table(split.events, clips, vocabulary)
            events.append(EventPredictions(name, clips, predicted, reference))
    return Predictions(tuple(vocabulary), tuple(events) if events else tuple(scenes))


Step = Callable[[str], Advance]  # a description to what takes (done, total)


@dataclass(frozen=True)
class CellFiller:
    """Fills cells of one results folder.

    Attributes:
        out: Results folder.
        step: Begins a step of the work, given in words, and returns what takes its progress.
        debug: Whether to print the traceback of a failed cell.
    """

    out: Path
    step: Step
    debug: bool = False

    def fill(self, hear: HearModule, task: Task, blanks: Sequence[Cell]) -> Iterator[Cell]:
        """Finish cells of one module and task, each saved before the next one begins.

        Args:
            hear: The module.
            task: The task.
            blanks: Unfinished cells, alike but for the seed, with all hashes.

        Yields:
            Each cell, finished or failed.
        """
        entry = cache_entry(blanks[0])
        name = f"{blanks[0].module.label} {task.full_name}"
        try:
            embedded = embed_task(hear, task, entry, self.step(f"{name}: embedding clips"))
        except Exception as error:
            reason = reason_for_cell(error, self.debug)
            yield from (self.failed(replace(blank, reason=reason)) for blank in blanks)
            return
        for blank in blanks:
            seed = f", seed {blank.protocol.seed}" if len(blanks) > 1 else ""
            advance = self.step(f"{name}: training heads{seed}")
            try:
                yield self._evaluate(task, embedded, entry, blank, advance)
            except Exception as error:
                yield self.failed(replace(blank, reason=reason_for_cell(error, self.debug)))

    def kept(self, asked: Cell) -> Cell | None:
        """The cell that an earlier run finished for the same question, under today's names.

        One whose predictions are lost, or do not give its scores, counts as absent; and one of an
        earlier version whose heads were selected by an undefined score (see `selection`).
        """
        cell = load_cell(cell_path(self.out, asked))
        path = cell_path(self.out, asked)
        blind = cell is not None and cell.is_blind and cell.task.family != "event"
        if cell and cell.answers(asked) and not (blind or damage(path, cell) or _outdated(path)):
            # Of a run that was killed after it saved the cell.
            SavedHeads(heads_folder(_entry_of(asked), asked)).remove()
            return replace(cell, module=asked.module, task=asked.task)
        return None

    def failed(self, cell: Cell) -> Cell:
        """Save a cell that failed."""
        cell = _stamped(cell)
        save_cell(cell_path(self.out, cell), cell)
        return cell

    def _evaluate(
        self,
        task: Task,
        embedded: TaskEmbeddings,
        entry: CacheEntry,
        blank: Cell,
        advance: Callable[[int, int], None],
    ) -> Cell:
        """Train and score heads, save the cell and what they predicted."""
        saved = heads_folder(entry, blank)
        cell, predictions = finished_cell(task, embedded, entry, blank, saved, advance)
        if embedded.inputs:
            text = json.dumps(embedded.inputs, indent=1)
            write_text(inputs_path(cell_path(self.out, cell)), text + "\n")
        else:
            inputs_path(cell_path(self.out, cell)).unlink(missing_ok=True)
        self.save(cell, predictions, saved)
        return cell

    def save(self, cell: Cell, predictions: bytes, saved: Path) -> None:
        """Save a finished cell and what its heads predicted; the heads themselves may go."""
        save_cell(cell_path(self.out, cell), cell, predictions)
        SavedHeads(saved).remove()


def inputs_path(cell: Path) -> Path:
    """Beside a cell: SHA-256, by path, of files that its module read while it embedded."""
    return cell.with_suffix(".inputs")


def _outdated(cell: Path) -> bool:
    """Whether a file that a cell's module read has changed."""
    try:
        inputs = json.loads(inputs_path(cell).read_text("utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return not isinstance(inputs, dict) or changed_input(inputs) is not None


def finished_cell(
    task: Task,
    embedded: TaskEmbeddings,
    entry: CacheEntry,
    blank: Cell,
    saved: Path,
    advance: Callable[[int, int], None] | None = None,
) -> tuple[Cell, bytes]:
    """Train and score heads.

    Args:
        task: The task.
        embedded: Its embeddings.
        entry: Where they are kept.
        blank: The unfinished cell.
        saved: The cell's `heads_folder`.
        advance: Takes the progress of the trainings.

    Returns:
        The cell, and the bytes of its predictions file.
    """
    started = time.perf_counter()
    # For msbench cache ls. Another run that finished the same cell may remove the folder.
    with suppress(FileNotFoundError, FileExistsError):
        describe(saved, read_about(entry.folder))
    result = evaluate_task(task, embedded.splits, blank.protocol, advance, saved, blank.device)
    seconds = time.perf_counter() - started
    predictions = predictions_file(task_predictions(result, embedded.splits, task.vocabulary))
    cell = replace(
        blank,
        folds=_fold_scores(result),
        cost=_cost(task, embedded, blank, seconds),
        predictions_hash=hashlib.sha256(predictions).hexdigest(),
        degenerate=embedded.degenerate,
    )
    return _stamped(cell), predictions


def heads_folder(entry: CacheEntry, cell: Cell) -> Path:
    """Where the heads of an unfinished cell are kept: named by all that they depend on.

    Args:
        entry: The embeddings. Their key stands for module, task, labels and type.
        cell: The cell.
    """
    key = hashlib.sha256(
        f"{entry.folder.name}\n{cell.protocol}\n{cell.device}".encode()
    ).hexdigest()
    return cache_root() / "heads" / key


def cache_entry(cell: Cell) -> CacheEntry:
    """Where a cell's embeddings are kept."""
    about = {"module": cell.module.spec, "task": cell.task.task}
    return CacheEntry.of(cell.module.module_hash, cell.task_hash, about, cell.embedding_dtype)


def _entry_of(cell: Cell) -> CacheEntry:
    """Where the embeddings of a cell are, or were."""
    module, task, dtype = cell.module.module_hash, cell.task_hash, cell.embedding_dtype
    return CacheEntry(entry_folder(module, task, dtype))


def _fold_scores(result: TaskResult) -> list[FoldScores]:
    return [
        FoldScores(
            fold=fold.test_split,
            scores=dict(fold.scores),
            validation_score=fold.validation_score,
            epoch=fold.epoch,
            hyperparameters=dict(fold.hyperparameters),
            postprocessing=dict(fold.postprocessing),
            validation_curve=[[epoch, score] for epoch, score in fold.validation_curve],
            selected_by=fold.selected_by,
        )
        for fold in result.folds
    ]


def _cost(task: Task, embedded: TaskEmbeddings, cell: Cell, head_seconds: float) -> Cost:
    module = cell.module
    scene = task.embedding_type == "scene"
    size = module.scene_embedding_size if scene else module.timestamp_embedding_size
    return Cost(
        embedding_size=size or 0,
        clips=embedded.clips,
        audio_seconds=embedded.audio_seconds,
        embedding_seconds=embedded.seconds,
        model_seconds=embedded.model_seconds,
        embedding_cached=embedded.cached,
        head_seconds=head_seconds,
        peak_memory_bytes=embedded.peak_memory_bytes,
    )


def _stamped(cell: Cell) -> Cell:
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return replace(cell, date=now, versions=versions(), machine=machine(cell.device))


class FinishedCells:
    """Shows each cell, passes it to the tracker and keeps it for the tables.

    Args:
        plan: The run.
        progress: Shows cells.
        tracking: Gets every finished cell.
    """

    def __init__(self, plan: RunPlan, progress: Progress, tracking: Tracking | None = None) -> None:
        self.progress = progress
        self._plan = plan
        self._tracking = tracking
        self._cells: list[Cell] = []

    def add(self, cell: Cell, kept: bool = False) -> None:
        """Take a cell that is finished or failed.

        Args:
            cell: The cell, which is saved already.
            kept: Whether an earlier run made it.
        """
        self.progress.finished(cell, kept)
        if self._tracking:
            self._tracking.cell(cell_path(self._plan.out, cell), cell)
        self._cells.append(cell)

    def add_failed_module(self, cells: Sequence[Cell]) -> None:
        """Take all cells of a module that cannot be loaded."""
        self.progress.module_failed(cells)
        self._cells += cells

    def in_order(self) -> list[Cell]:
        """All cells so far: rows, columns and seeds as the run names them."""
        rows = {spec.rstrip("="): place for place, spec in enumerate(self._plan.specs)}
        columns = {task.full_name: place for place, task in enumerate(self._plan.tasks)}

        def place(cell: Cell) -> tuple[int, int, int]:
            return rows[cell.module.spec.rstrip("=")], columns[cell.task.task], cell.protocol.seed

        return sorted(self._cells, key=place)


Executor = Callable[[RunPlan, FinishedCells], None]  # fills every cell of a plan, in any order
