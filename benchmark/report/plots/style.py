"""What all pictures have in common: fonts, the colour and marker of a model, labels beside points.

Labels hide neither points nor each other. Colours: Okabe and Ito, "Color Universal Design", 2008
(jfly.uni-koeln.de/color), which people with any common colour blindness tell apart; yellow is too
faint on white and is left out.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from benchmark.models.specs import FLOORS
from benchmark.results.cells import ModuleFacts
from benchmark.results.leaderboard import ResultTable

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
FLOOR_COLOURS = ("#5F5F5F", "#9A9A9A")
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
FLOOR_MARKERS = ("o", "s")

INK = "#222222"
FAINT = "#767676"  # of remarks: contrast 4.5 on white
LINE = "#DDDDDD"

# Any: newer matplotlib types the keys, one by one, and older does not.
RC: Any = {
    "font.family": "DejaVu Sans",  # matplotlib brings it along
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "text.color": INK,
    "text.parse_math": False,  # a name may have dollar signs
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "msbench",
    "svg.fonttype": "path",
}

# Decorator of everything that makes or writes a figure; matplotlib's global settings stay.
styled = matplotlib.rc_context(RC)


class Look(NamedTuple):
    """How a model is drawn in every picture.

    Attributes:
        colour: Hexadecimal.
        marker: Of matplotlib.
        is_floor: Floors are grey and hollow.
    """

    colour: str
    marker: str
    is_floor: bool

    @property
    def face(self) -> str:
        """Fill of its markers."""
        return "white" if self.is_floor else self.colour


def looks(modules: Iterable[ModuleFacts]) -> dict[str, Look]:
    """The look of each row, by label; the order of the rows does not matter."""
    own = zip(cycle(COLOURS), _repeated(MARKERS, len(COLOURS)), strict=False)
    floors = zip(cycle(FLOOR_COLOURS), cycle(FLOOR_MARKERS), strict=False)
    found = {}
    for module in sorted(modules, key=lambda module: module.label):
        is_floor = module.module in FLOORS
        colour, marker = next(floors if is_floor else own)
        found[module.label] = Look(colour, marker, is_floor)
    return found


def _repeated(names: Iterable[str], times: int) -> Iterable[str]:
    """Each name so many times, then from the start again."""
    return (name for name in cycle(names) for _ in range(times))


def own_labels(board: ResultTable) -> list[str]:
    """Rows that are no floors; all rows, if there are no others."""
    own = [module.label for module in board.modules if module.module not in FLOORS]
    return own or [module.label for module in board.modules]


def short(name: str, width: int = 26, lines: int = 2) -> str:
    """A name broken between words into lines that fit, cut with an ellipsis if it needs more."""
    if lines == 1:
        return _cut(name, width)
    broken = textwrap.wrap(name, width, break_long_words=False) or [""]
    if len(broken) > lines:
        broken = [*broken[: lines - 1], f"{broken[lines - 1]} …"]
    return "\n".join(_cut(line, width) for line in broken)


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1].removesuffix(" ") + "…"


def in_order(labels: Iterable[str], values: Mapping[str, float]) -> list[str]:
    """Labels by their values, largest first; those without a value keep their order at the end."""
    return sorted(labels, key=lambda label: -values.get(label, float("-inf")))


GAP = 4.0  # points, between marker and name
# Where a name may stand: (x, y) from the marker's centre, and how it is aligned; best first.
PLACES = (
    (1.0, 0.0, "left", "center"),
    (-1.0, 0.0, "right", "center"),
    (0.0, 1.0, "center", "bottom"),
    (0.0, -1.0, "center", "top"),
    (0.7, 0.7, "left", "bottom"),
    (0.7, -0.7, "left", "top"),
    (-0.7, 0.7, "right", "bottom"),
    (-0.7, -0.7, "right", "top"),
)


class PointLabel(NamedTuple):
    """A name and the point it belongs to.

    Attributes:
        text: The name.
        x: Of the point, in the axes' data.
        y: Of the point.
        bar: Lower and upper end of its interval; NaN where it has none.
        radius: Of its marker, points.
        colour: Of the text.
    """

    text: str
    x: float
    y: float
    bar: tuple[float, float]
    radius: float
    colour: str


def label_points(panel: Axes, labels: Sequence[PointLabel]) -> list[Annotation]:
    """Put each name where it covers least; the axes must have their final limits."""
    figure = panel.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    taken = [box for label in labels for box in _drawn_boxes(panel, label, figure.dpi / 72)]
    placed = []
    for label in labels:
        tried = [_annotation(panel, label, place) for place in range(len(PLACES))]
        boxes = [annotation.get_window_extent() for annotation in tried]
        hidden = [_hidden(box, taken, panel.bbox) for box in boxes]
        best = hidden.index(min(hidden))
        for place, annotation in enumerate(tried):
            if place != best:
                annotation.remove()
        taken.append(boxes[best])
        placed.append(tried[best])
    return placed


def _annotation(panel: Axes, label: PointLabel, place: int) -> Annotation:
    x, y, horizontal, vertical = PLACES[place]
    reach = label.radius + GAP
    return panel.annotate(
        label.text,
        (label.x, label.y),
        xytext=(x * reach, y * reach),
        textcoords="offset points",
        ha=horizontal,
        va=vertical,
        color=label.colour,
        linespacing=0.95,
    )


def _drawn_boxes(panel: Axes, label: PointLabel, pixels: float) -> list[Bbox]:
    """What is drawn of a point, in pixels: the square around its marker, and its interval."""
    ends = [(label.x, y) for y in (label.y, *label.bar)]
    (x, y), (_, low), (_, high) = panel.transData.transform(ends)
    radius = label.radius * pixels
    marker = Bbox.from_extents(x - radius, y - radius, x + radius, y + radius)
    bar = Bbox.from_extents(x - pixels, min(low, high), x + pixels, max(low, high))
    return [marker, bar] if math.isfinite(low + high) else [marker]


def _hidden(box: Bbox, taken: Sequence[Bbox], inside: Bbox) -> float:
    """Area that a name would share with what is there, and that it would have outside the axes."""
    shared = [Bbox.intersection(box, other) for other in taken]
    covered = sum(found.width * found.height for found in shared if found)
    visible = Bbox.intersection(box, inside)
    outside = box.width * box.height - (visible.width * visible.height if visible else 0.0)
    return round(covered + outside, 3)
