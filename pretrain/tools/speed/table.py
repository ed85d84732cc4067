"""The throughput table: crops per second of each side."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

import torch

from msssl_common.report import Report
from pretrain.tools.speed.rounds import ENCODER, PIPELINE, STEP, Findings

COLUMNS = ("", "crops/s per core", "least to most", "ms per crop", "")
OURS = {
    PIPELINE: "pipeline: crop, mix, noise, shift, log-mel",
    ENCODER: "encoder: forward, backward, optimiser",
    STEP: "whole step",
}
THEIRS = (
    ("authors' collate function, one crop of three shifted", 1, False),
    ("the same, with log-mel", 1, True),
    ("the same, all three shifted, as in ours", 3, True),
)


@dataclass(frozen=True)
class Setting:
    """What was measured.

    Attributes:
        recipe: Its name.
        data: Clips and hours, and how they are read.
        crops: Per step.
        parameters: Of the encoder.
        device: ``cpu`` or a GPU's name.
        precision: Lightning Fabric's name.
        compiled: Whether the encoder was.
        opening: Processor seconds to open the data.
    """

    recipe: str
    data: str
    crops: int
    parameters: int
    device: str
    precision: str
    compiled: bool
    opening: float


def rows(setting: Setting, found: Findings) -> list[tuple[str, ...]]:
    """Cells of `COLUMNS`."""
    result = []
    speeds = {side: [setting.crops / s for s in runs] for side, runs in found.seconds.items()}
    for side, name in OURS.items():
        remark = f"{found.share:.1%} of the encoder" if side == PIPELINE else ""
        result.append(_row(name, speeds[side], remark))
    ours = median(speeds[PIPELINE])
    for name, shifts, log_mel in THEIRS if found.authors else ():
        theirs = [cost.crops_per_second(shifts, log_mel) for cost in found.authors]
        result.append(_row(name, theirs, f"ours {ours / median(theirs):.1f} times"))
    return result


def _row(name: str, speeds: Sequence[float], remark: str) -> tuple[str, ...]:
    middle = median(speeds)
    spread = f"{min(speeds):,.0f} to {max(speeds):,.0f}"
    return (name, f"{middle:,.0f}", spread, f"{1000 / middle:.3f}", remark)


def title(setting: Setting, found: Findings) -> str:
    """In one line."""
    runs = len(found.seconds[PIPELINE])
    return f"Throughput of {setting.recipe}: medians of {runs} run{'s' * (runs > 1)}"


def notes(setting: Setting, found: Findings) -> list[str]:
    """What a reader must know of the numbers."""
    compiled = ", compiled" if setting.compiled else ""
    clock = "processor time, one thread" if setting.device == "cpu" else "wall time of the device"
    lines = [
        f"{setting.data}; {setting.crops} crops a step; encoder with {setting.parameters:,} "
        f"parameters, {setting.precision}{compiled}, on {setting.device}; {clock}.",
        f"Opening the data took {setting.opening:.1f} s of processor time, once; it is in no row.",
        "Sides take turns in every run. Encoder: the same spectra again and again.",
    ]
    if found.authors:
        costs = zip(*(asdict(cost).values() for cost in found.authors), strict=True)
        crop, shift, log_mel = (1000 * median(cost) for cost in costs)
        lines.append(
            f"Authors, per clip: two crops {crop:.2f} ms, librosa's shift of one {shift:.2f} ms, "
            f"log-mel of three by librosa {log_mel:.2f} ms; their model computes log-mel itself, "
            "in batches."
        )
    return lines


def where() -> str:
    """Machine and versions."""
    place = f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores"
    return f"{place}; python {platform.python_version()}; torch {torch.__version__}"


def throughput_report(setting: Setting, found: Findings) -> Report:
    """The table, its notes, and every run."""
    measured = {
        "where": where(),
        "setting": asdict(setting),
        "seconds_per_step": found.seconds,
        "pipeline_share": found.share,
        "authors_seconds_per_clip": [asdict(cost) for cost in found.authors],
    }
    return Report(
        title=title(setting, found),
        columns=COLUMNS,
        left=(0, 4),
        rows=rows(setting, found),
        notes=[*notes(setting, found), where()],
        measured=measured,
    )
