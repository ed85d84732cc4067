"""Writing all pictures of a report."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmark.report.standings import Standings


def write_plots(
    standings: Standings, folders: Sequence[Path], out: Path, tasks_dir: Path | None = None
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

    Raises:
        FileNotFoundError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise FileNotFoundError(
            "Pictures need matplotlib, which is not installed: pip install 'msssl-hear[plots]'."
        )
    # Only here, so that everything else does without matplotlib.
    from benchmark.report.plots.picture_files import save_picture
    from benchmark.report.plots.pictures import pictures

    return [
        path
        for name, figure in pictures(standings, folders, tasks_dir)
        for path in save_picture(figure, out / "plots", name)
    ]
