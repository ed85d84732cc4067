"""Which pictures the results allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from benchmark.report.plots.clip_spectrogram import clip_spectrogram
from benchmark.report.plots.confusion import confusion_counts, confusion_figure
from benchmark.report.plots.cost import cost_figure, cost_points
from benchmark.report.plots.file_scores import best_and_worst
from benchmark.report.plots.kept_predictions import entry_predictions
from benchmark.report.plots.look import looks, own_labels, short
from benchmark.report.plots.note_errors import note_errors
from benchmark.report.plots.picture_files import file_stem
from benchmark.report.plots.pitch_errors import pitch_errors_figure
from benchmark.report.plots.scores import best_first, scores_figure
from benchmark.report.plots.timeline import timeline_figure
from benchmark.report.plots.training_curves import has_curves, training_curves_figure
from benchmark.report.standings import Standings
from benchmark.results.cells import TaskFacts

Picture = tuple[str, Figure]  # name of the files, without suffix


def pictures(
    standings: Standings, folders: Sequence[Path], tasks_dir: Path | None
) -> Iterator[Picture]:
    """One picture after the other; what the results do not tell is left out.

    Confusions and timelines are of the rows that are no floors.
    """
    if standings.board.entries:
        yield "scores", scores_figure(standings)
    if cost_points(standings):
        yield "cost", cost_figure(standings)
    for task in standings.board.tasks:
        if task.family == "scene":
            yield from _confusions(standings, folders, task)
        elif task.family == "pitch":
            yield from _pitch_errors(standings, folders, task)
        elif task.family == "event":
            yield from _timelines(standings, folders, task, tasks_dir)
        yield from _training_curves(standings, task)


def _confusions(
    standings: Standings, folders: Sequence[Path], task: TaskFacts
) -> Iterator[Picture]:
    for label in own_labels(standings.board):
        found = entry_predictions(standings.board.entries[label, task.task], folders)
        counts = confusion_counts(found)
        if counts is not None:
            name = file_stem("confusion", task.task, label)
            yield name, confusion_figure(task.task, label, counts, found[0].vocabulary)


def _pitch_errors(
    standings: Standings, folders: Sequence[Path], task: TaskFacts
) -> Iterator[Picture]:
    found = {}
    for label in best_first(standings, task):
        predictions = entry_predictions(standings.board.entries[label, task.task], folders)
        if errors := note_errors(predictions):
            found[label] = errors
    if found:
        figure = pitch_errors_figure(task.task, found, looks(standings.board.modules))
        yield file_stem("pitch_errors", task.task), figure


def _timelines(
    standings: Standings, folders: Sequence[Path], task: TaskFacts, tasks_dir: Path | None
) -> Iterator[Picture]:
    look = looks(standings.board.modules)
    for label in own_labels(standings.board):
        entry = standings.board.entries[label, task.task]
        seeds = entry_predictions(entry, folders)
        files = best_and_worst(seeds[0], task.score) if seeds else []
        if not files:
            continue
        rate = entry.cells[0].module.sample_rate
        drawn = [(file, clip_spectrogram(tasks_dir, task.task, file, rate)) for file in files]
        seed = f", seed {entry.cells[0].protocol.seed}" if len(seeds) > 1 else ""
        title = f"{short(task.task, 60, 1)}: events of {short(label, 60, 1)}{seed}"
        name = file_stem("timeline", task.task, label)
        yield name, timeline_figure(title, task.score, drawn, seeds[0].vocabulary, look[label])


def _training_curves(standings: Standings, task: TaskFacts) -> Iterator[Picture]:
    entries = {
        label: standings.board.entries[label, task.task] for label in best_first(standings, task)
    }
    kept = {label: entry for label, entry in entries.items() if has_curves(entry)}
    if kept:
        figure = training_curves_figure(task.task, kept, looks(standings.board.modules))
        yield file_stem("training_curves", task.task), figure
