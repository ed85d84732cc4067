"""Draw all pictures of a report that its results allow, and write them to files."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from benchmark.report.plots.confusion import confusion_counts, confusion_figure
from benchmark.report.plots.cost import cost_figure, cost_points
from benchmark.report.plots.events import best_and_worst, clip_spectrogram, timeline_figure
from benchmark.report.plots.pitch import note_errors, pitch_errors_figure
from benchmark.report.plots.scores import best_first, scores_figure
from benchmark.report.plots.style import looks, own_labels, short, styled
from benchmark.report.plots.training_curves import has_curves, training_curves_figure
from benchmark.report.standings import Leaderboard
from benchmark.results.cell_files import cell_path, predictions_path
from benchmark.results.cells import Cell, TaskFacts
from benchmark.results.leaderboard import Entry
from benchmark.results.predictions import Predictions, load_predictions
from msssl_common.files import write_bytes


def entry_predictions(entry: Entry, folders: Sequence[Path]) -> list[Predictions]:
    """Predictions of an entry's cells, by seed.

    Empty where a cell failed or has no predictions that belong to it: the table's cautions say so.

    Args:
        entry: One model on one task.
        folders: Results folders that the table was made of.
    """
    if entry.reason:
        return []
    found = [_cell_predictions(cell, folders) for cell in entry.cells]
    known = [predictions for predictions in found if predictions]
    return known if len(known) == len(found) else []


def _cell_predictions(cell: Cell, folders: Sequence[Path]) -> Predictions | None:
    for folder in folders:
        path = predictions_path(cell_path(folder, cell))
        try:
            if hashlib.sha256(path.read_bytes()).hexdigest() == cell.predictions_hash:
                return load_predictions(path)
        except (OSError, ValueError):
            continue
    return None


DPI = 144  # pixels per inch
# Equal figures have equal files: no dates, no versions.
METADATA: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None}}
LONGEST_PART = 60  # characters


def file_stem(*parts: str) -> str:
    """File name without suffix for a picture of these things: kind, task, model.

    Parts that would be the same once their odd characters are gone are kept apart by a hash.
    """
    return "__".join(_plain(part) for part in parts)


def _plain(part: str) -> str:
    plain = re.sub(r"[^\w.-]+", "_", part, flags=re.ASCII).strip("_")[:LONGEST_PART]
    if plain == part:
        return plain
    return f"{plain}-{hashlib.sha256(part.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


@styled
def save_picture(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as PNG and SVG; the same figure gives the same bytes."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, for both
    paths = []
    for kind, metadata in METADATA.items():
        file = io.BytesIO()
        figure.savefig(file, format=kind, dpi=DPI, metadata=metadata)
        paths.append(folder / f"{name}.{kind}")
        write_bytes(paths[-1], file.getvalue())
    return paths


Picture = tuple[str, Figure]  # name of the files, without suffix


def pictures(
    standings: Leaderboard, folders: Sequence[Path], tasks_dir: Path | None
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
    standings: Leaderboard, folders: Sequence[Path], task: TaskFacts
) -> Iterator[Picture]:
    for label in own_labels(standings.board):
        found = entry_predictions(standings.board.entries[label, task.task], folders)
        counts = confusion_counts(found)
        if counts is not None:
            name = file_stem("confusion", task.task, label)
            yield name, confusion_figure(task.task, label, counts, found[0].vocabulary)


def _pitch_errors(
    standings: Leaderboard, folders: Sequence[Path], task: TaskFacts
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
    standings: Leaderboard, folders: Sequence[Path], task: TaskFacts, tasks_dir: Path | None
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


def _training_curves(standings: Leaderboard, task: TaskFacts) -> Iterator[Picture]:
    entries = {
        label: standings.board.entries[label, task.task] for label in best_first(standings, task)
    }
    kept = {label: entry for label, entry in entries.items() if has_curves(entry)}
    if kept:
        figure = training_curves_figure(task.task, kept, looks(standings.board.modules))
        yield file_stem("training_curves", task.task), figure


def write_plots(
    standings: Leaderboard, folders: Sequence[Path], out: Path, tasks_dir: Path | None = None
) -> list[Path]:
    """Write every picture that the results allow, each as PNG and SVG.

    Args:
        standings: What is shown.
        folders: Results folders that it was made of; their predictions are read again.
        out: Report folder; the pictures go to its ``plots/``.
        tasks_dir: Folder of tasks, or one task, for the audio below the events' timelines. Without
            it, timelines have no spectrogram.

    Returns:
        The files, in the order of the pictures.
    """
    return [
        path
        for name, figure in pictures(standings, folders, tasks_dir)
        for path in save_picture(figure, out / "plots", name)
    ]
