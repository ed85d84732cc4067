"""Spectrograms of the embedded suite's classes, for docs/embedded_suite.md.

    python -m tests.bench.embedded_pictures [FOLDER]

Writes ``embedded_scene.png``, ``embedded_event.png`` and ``embedded_pitch.png`` into ``FOLDER``
(docs/pictures): first test clips of each class, made here and now.
"""

import io
import sys
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from benchmark.report.plots.events import RANGE, frequency_ticks, log_mel
from benchmark.report.plots.style import FAINT, styled
from benchmark.tasks.embedded import event, pitch, scene
from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.recipe import MadeClip, Recipe
from benchmark.tasks.embedded.signal import SAMPLE_RATE, Signal
from msssl_common.files import write_bytes
from tests import ROOT

FOLDER = ROOT / "docs" / "pictures"
DPI = 80
TONES = 32  # of the palette: a spectrogram in so few looks the same and takes a third


def draw(panel: Axes, audio: Signal, title: str) -> None:
    """One spectrogram: 70 dB from light to dark, mel-scaled up to 8 kHz."""
    shown = log_mel(audio.astype(np.float32), SAMPLE_RATE)
    extent = (0.0, shown.seconds, *shown.edges)
    panel.imshow(
        shown.power, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=-RANGE, vmax=0
    )
    panel.set_title(title, pad=3.0)
    panel.set_yticks(*frequency_ticks(shown.edges))


def first_of_each_class(recipe: Recipe) -> dict[str, MadeClip]:
    """The first test clip of each class of a task with a label a clip, in the labels' order."""
    found: dict[str, MadeClip] = {}
    for index in range(len(recipe.vocabulary)):
        clip = recipe.make_clip("test", index)
        found.setdefault(str(clip.labels[0]), clip)
    return {label: found[label] for label in recipe.vocabulary}


def scenes() -> Figure:
    """Twelve classes, the two of a pair one above the other."""
    figure = Figure(figsize=(11.0, 6.4), layout="constrained")
    panels = figure.subplots(4, 3, sharex=True, sharey=True)
    clips = first_of_each_class(scene.RECIPE)
    for place, label in enumerate(scene.SOUNDS):  # pair after pair
        row, column = 2 * (place // 6) + place % 2, place // 2 % 3
        draw(panels[row, column], clips[label].audio, label)
    figure.supxlabel("seconds")
    figure.supylabel("Hz")
    return figure


def events() -> Figure:
    """Each class's sound alone, and a test clip with its labels."""
    figure = Figure(figsize=(11.0, 6.4), layout="constrained")
    grid = figure.add_gridspec(3, 9, height_ratios=(1.0, 1.7, 1.2))
    for column, (label, sound) in enumerate(event.SOUNDS.items()):
        panel = figure.add_subplot(grid[0, column])
        draw(panel, sound(Draws(event.SEED, column)), label)
        if column:
            panel.set_yticks([])
    clip = event.make_clip("test", 2)
    whole = figure.add_subplot(grid[1, :])
    draw(whole, clip.audio, f"{clip.file}, and its labels")
    lines = figure.add_subplot(grid[2, :], sharex=whole)
    rows = {label: row for row, label in enumerate(reversed(event.VOCABULARY))}
    for entry in clip.labels:
        assert isinstance(entry, dict)
        start, end, row = entry["start"] / 1000, entry["end"] / 1000, rows[entry["label"]]
        lines.barh(row, end - start, left=start, height=0.7, color=FAINT)
    lines.set_yticks(list(rows.values()), list(rows))
    lines.grid(axis="y")
    figure.supxlabel("seconds")
    return figure


def notes() -> Figure:
    """A clip of each of the 88 keys, an octave a row, from A; axes at the left and below."""
    figure = Figure(figsize=(11.0, 8.2), layout="constrained")
    panels = figure.subplots(8, 12, squeeze=False)
    keys = {int(label): clip for label, clip in first_of_each_class(pitch.RECIPE).items()}
    for place, panel in enumerate(panels.flat):
        key = place + pitch.LOWEST
        if key not in keys:
            panel.axis("off")
            continue
        draw(panel, keys[key].audio, str(key))
        places, names = ([], []) if place % 12 else frequency_ticks(panel.get_ylim())
        panel.set_yticks(places[::-2], names[::-2])  # all of them would overlap
        last = place >= 84
        panel.set_xticks([0.0, 0.5, 1.0] if last else [], ["0", "0.5", "1"] if last else [])
    figure.suptitle("First test clip of every key (its MIDI number)", fontsize=10)
    figure.supxlabel("seconds")
    figure.supylabel("Hz")
    return figure


@styled
def write(figure: Figure, path: Path) -> None:
    """Write a PNG of few colours."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    few = Image.open(file).convert("RGB").quantize(TONES, dither=Image.Dither.NONE)
    small = io.BytesIO()
    few.save(small, format="png", optimize=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, small.getvalue())


@styled
def main(folder: Path = FOLDER) -> None:
    """Write all three."""
    for name, figure in (("scene", scenes()), ("event", events()), ("pitch", notes())):
        write(figure, folder / f"embedded_{name}.png")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
