"""How runs went: their logs side by side, and a picture of them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msssl_common.files import write_bytes, write_text
from pretrain.run_folder import METRICS

Log = Sequence[Mapping[str, float]]
"""Rows of ``metrics.csv``."""

PANELS = {
    "clip_loss": "Clip loss (nats, less is better)",
    "frame_loss": "Frame loss (nats, less is better)",
    "pitch_loss": "Pitch loss, relative to its start\n(less is better)",
    "clip_accuracy": "Share of clips that are\nfound in their batch",
    "frame_accuracy": "Share of frames that are\nfound in the other view",
    "pitch_score": "Pitch: share of variance explained (R²);\nof a contrast: share of pairs found",
}
RELATIVE = {"pitch_loss"}  # of losses in different units, a regression's and a contrast's
# Okabe and Ito's colours, with a marker and a dash each, so that colour is not the only key.
LOOKS = (
    ("#0072B2", "o", "-"),
    ("#D55E00", "s", (0, (5, 1.5))),
    ("#009E73", "^", (0, (3, 1, 1, 1))),
    ("#CC79A7", "D", "-"),
    ("#E69F00", "v", (0, (5, 1.5))),
    ("#56B4E9", "P", (0, (3, 1, 1, 1))),
    ("#222222", "X", "-"),
)
MARKS = 8  # markers on a curve; those of other runs are at other steps, so that none is hidden
FIRST_STEP = 10  # before it, a logged mean is of a step or two
SIZE, DPI = (11.0, 5.6), 120  # inches, pixels per inch


def read_log(run: Path) -> Log:
    """The log of a run folder.

    Raises:
        ValueError: There is none, or it is not ours; names the file.
    """
    path = run / METRICS
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [
                {key: float(value) for key, value in row.items()} for row in csv.DictReader(file)
            ]
    except FileNotFoundError:
        raise ValueError(f"{run} is no run folder of mspretrain: there is no {METRICS}") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: not a log of mspretrain ({error})") from None
    if not rows or not {"step", *PANELS} <= rows[0].keys():
        raise ValueError(f"{path}: not a log of mspretrain (no rows, or other columns)")
    return rows


def write_curves(runs: Sequence[Path], out: Path) -> list[Path]:
    """Write ``curves.png`` and every run's log as ``NAME.csv``.

    Args:
        runs: Run folders; their names are the rows'.
        out: Made if absent.

    Returns:
        The files.

    Raises:
        ValueError: A folder without a log, or two of one name.
    """
    names = [run.resolve().name for run in runs]
    if len(set(names)) < len(names):
        raise ValueError(f"two runs have the same name: {', '.join(sorted(names))}")
    logs = {name: read_log(run) for name, run in zip(names, runs, strict=True)}
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, run in zip(names, runs, strict=True):
        paths.append(out / f"{name}.csv")
        write_text(paths[-1], (run / METRICS).read_text(encoding="utf-8"))
    picture = io.BytesIO()
    # Without its version, equal logs give an equal file.
    curves_figure(logs).savefig(picture, format="png", dpi=DPI, metadata={"Software": None})
    paths.append(out / "curves.png")
    write_bytes(paths[-1], picture.getvalue())
    return paths


def curves_figure(logs: Mapping[str, Log]) -> Figure:
    """Losses above, how well each strategy's task is solved below; a line per run.

    Args:
        logs: By the runs' names.
    """
    figure = Figure(figsize=SIZE, layout="constrained")
    panels = figure.subplots(2, 3, sharex=True).ravel()
    for panel, (key, title) in zip(panels, PANELS.items(), strict=True):
        panel.set_title(title, loc="left", fontsize=10)
        panel.grid(alpha=0.3)
        for position, log in enumerate(logs.values()):
            _draw(panel, log, key, position, len(logs))
    lines = [panels[0].plot([], [], **_look(position))[0] for position in range(len(logs))]
    figure.legend(lines, list(logs), loc="outside right upper", frameon=False, handlelength=3.5)
    figure.supxlabel("step of training (markers at different steps for each run)", fontsize=10)
    return figure


def _look(position: int) -> dict[str, Any]:
    colour, marker, dash = LOOKS[position % len(LOOKS)]
    return {"color": colour, "marker": marker, "ls": dash, "lw": 1.3, "ms": 4.5}


def _draw(panel: Axes, log: Log, key: str, position: int, runs: int) -> None:
    """Zero in all rows means that the strategy is off."""
    points = [
        (row["step"], row[key])
        for row in log
        if row["step"] >= FIRST_STEP and math.isfinite(row[key])
    ]
    if any(value for _, value in points):
        unit = (key in RELATIVE and points[0][1]) or 1.0
        points = [(step, value / unit) for step, value in points]
        step = max(len(points) // MARKS, 1)
        first = step * position // runs
        panel.plot(*zip(*points, strict=True), markevery=(first, step), **_look(position))
