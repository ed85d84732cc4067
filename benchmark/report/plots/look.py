"""What all pictures have in common: type, colours and how a model looks.

Colours: Okabe and Ito, "Color Universal Design", 2008 (jfly.uni-koeln.de/color), which people with
any common colour blindness tell apart; yellow is too faint on white and left out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from itertools import cycle
from typing import Any, NamedTuple

import matplotlib

from benchmark.models.specs import FLOORS
from benchmark.results.cells import ModuleFacts
from benchmark.results.leaderboard import Leaderboard

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


def own_labels(board: Leaderboard) -> list[str]:
    """Rows that are no floors; all rows, if there are no others."""
    own = [module.label for module in board.modules if module.module not in FLOORS]
    return own or [module.label for module in board.modules]


def short(name: str, width: int = 26, lines: int = 2) -> str:
    """A name broken into lines that fit, cut with an ellipsis if it needs more."""
    if lines == 1:
        return name if len(name) <= width else name[: width - 1] + "…"
    broken = textwrap.wrap(name, width) or [""]
    if len(broken) > lines:
        broken = [*broken[: lines - 1], broken[lines - 1][: width - 1] + "…"]
    return "\n".join(broken)


def in_order(labels: Iterable[str], values: Mapping[str, float]) -> list[str]:
    """Labels by their values, largest first; those without a value keep their order at the end."""
    return sorted(labels, key=lambda label: -values.get(label, float("-inf")))
