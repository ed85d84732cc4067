"""Names beside points, where they hide neither points nor each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

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
