"""What a run would do: nothing is embedded, trained or written.

Modules are loaded and audio is hashed, because the hashes of both say what is done already.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import soundfile

from benchmark.embeddings.cache import CacheEntry
from benchmark.heads.evaluate import searched_folds, trainings
from benchmark.heads.probes.evaluate import probe_settings
from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.protocol import Protocol
from benchmark.results.cells import ModuleFacts
from benchmark.runner.cells import FinishedCells, RunCells
from benchmark.runner.evaluate_cell import stored_entry
from benchmark.runner.plan import RunPlan, module_facts
from benchmark.runner.progress import Progress, Silent
from benchmark.tasks.audio import clip_path
from benchmark.tasks.find import UnreadableTask
from benchmark.tasks.labels import read_events, read_scene_labels, row_order
from benchmark.tasks.task import Task, task_folds
from benchmark.tasks.task_hash import task_hash
from msssl_common.messages import reason_for_cell


@dataclass(frozen=True)
class PreviewRow:
    """One module on one task.

    Attributes:
        label: The row of the table.
        task: Folder name of the task.
        reason: Why nothing could be run, one sentence; None if it could.
        clips: Clips of all splits, within the limit.
        audio_seconds: Their length.
        missing_clips: Clips of the splits that are not in the cache.
        missing_audio_seconds: Their length: what would be embedded.
        missing_bytes: What their embeddings would take on disk. None for an event task, as only
            the module itself knows how many frames it makes.
        finished: Cells (one per seed) that an earlier run finished in the results folder.
        cells: Cells in all.
        trainings: Heads that would be trained.
    """

    label: str
    task: str
    reason: str | None = None
    clips: int = 0
    audio_seconds: float = 0.0
    missing_clips: int = 0
    missing_audio_seconds: float = 0.0
    missing_bytes: int | None = 0
    finished: int = 0
    cells: int = 1
    trainings: int = 0

    @property
    def cached(self) -> bool:
        """Whether all embeddings are there."""
        return not self.reason and not self.missing_clips


@dataclass(frozen=True)
class Preview:
    """What a run would do.

    Attributes:
        rows: A module on a task each.
    """

    rows: list[PreviewRow]

    @property
    def audio_seconds(self) -> float:
        """Length of the audio that would be embedded."""
        return sum(row.missing_audio_seconds for row in self.rows)

    @property
    def bytes(self) -> int:
        """What the new embeddings of scene and pitch tasks would take on disk."""
        return sum(row.missing_bytes or 0 for row in self.rows)

    @property
    def trainings(self) -> int:
        """Heads that would be trained."""
        return sum(row.trainings for row in self.rows)


def preview_plan(plan: RunPlan, progress: Progress) -> Preview:
    """Find out what the cells of a plan need."""
    rows: list[PreviewRow] = []
    labels: set[str] = set()
    hashes: dict[tuple[str, int], str] = {}
    for spec in plan.specs:
        try:
            hear = load_hear_module(spec, plan.device, plan.interpreter(spec))
        except Exception as error:
            label, reason = plan.unloaded(spec).label, reason_for_cell(error, plan.debug)
            labels.add(label)
            rows += [PreviewRow(label, task.full_name, reason) for task in plan.tasks]
            continue
        module = plan.named(spec, module_facts(hear, ()), labels)
        labels.add(module.label)
        with closing(hear):
            advance = progress.step(f"{module.label}: looking at tasks")
            for done, task in enumerate(plan.tasks, start=1):
                rows.append(_row(plan, hear, module, task, hashes))
                advance(done, len(plan.tasks))
    return Preview(rows)


def _row(
    plan: RunPlan,
    hear: HearModule,
    module: ModuleFacts,
    task: Task | UnreadableTask,
    hashes: dict[tuple[str, int], str],
) -> PreviewRow:
    if isinstance(task, UnreadableTask):
        return PreviewRow(module.label, task.full_name, task.reason)
    try:
        key = (task.full_name, hear.sample_rate)
        if key not in hashes:
            hashes[key] = task_hash(task, hear.sample_rate)
        return _readable(plan, hear, module, task, hashes[key])
    except Exception as error:
        return PreviewRow(module.label, task.full_name, reason_for_cell(error, plan.debug))


def _readable(
    plan: RunPlan, hear: HearModule, module: ModuleFacts, task: Task, hashed: str
) -> PreviewRow:
    asked = [replace(blank, task_hash=hashed) for blank in plan.blanks(module, task)]
    cells = RunCells(plan, FinishedCells(plan, Silent()))
    finished = sum(cells.kept(cell) is not None for cell in asked)
    left = len(asked) - finished
    seconds = _seconds(task, hear.sample_rate)
    missing = list(_missing(task, stored_entry(asked[0]))) if left else []
    size = 2 if plan.embedding_dtype == "float16" else 4
    scene = task.embedding_type == "scene"
    return PreviewRow(
        label=module.label,
        task=task.full_name,
        clips=len(seconds),
        audio_seconds=sum(seconds.values()),
        missing_clips=len(missing),
        missing_audio_seconds=sum(seconds[clip] for clip in missing),
        missing_bytes=len(missing) * hear.scene_embedding_size * size if scene else None,
        finished=finished,
        cells=len(asked),
        trainings=_trainings(task, plan.protocol) * left,
    )


def _clips(task: Task) -> dict[str, list[str]]:
    """Clips of every split in row order."""
    read = read_scene_labels if task.embedding_type == "scene" else read_events
    return row_order(task, {split: list(read(task, split)) for split in task.splits})


def _trainings(task: Task, protocol: Protocol) -> int:
    """Heads, or candidates of a probe, that a cell trains."""
    if protocol.probe == "mlp":
        return trainings(task, protocol)
    folds = task_folds(task)
    searched = searched_folds(folds, protocol)
    return len(probe_settings(protocol)) * searched + len(folds) - searched


def _missing(task: Task, entry: CacheEntry) -> Iterator[tuple[str, str]]:
    """Split and clip of what is not in the cache."""
    for split, clips in _clips(task).items():
        if entry.load(split, clips) is None:
            yield from ((split, clip) for clip in clips)


def _seconds(task: Task, sample_rate: int) -> dict[tuple[str, str], float]:
    """Length of every clip, by split and name; from the files' headers."""
    return {
        (split, clip): soundfile.info(clip_path(task, split, clip, sample_rate)).duration
        for split, clips in _clips(task).items()
        for clip in clips
    }
