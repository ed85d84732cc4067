"""What a figure shows."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text


def texts(figure: Figure | Axes) -> list[str]:
    """Every text that is not empty, line breaks as spaces."""
    figure.get_figure(root=True).draw_without_rendering()
    return [
        text.get_text().replace("\n", " ")
        for text in figure.findobj(Text)
        if text.get_text() and text.get_visible()
    ]


def panels(figure: Figure) -> list[Axes]:
    """Axes that are shown."""
    return [axes for axes in figure.axes if axes.axison]


def rows(panel: Axes) -> list[str]:
    """Names of its lines, from the top, line breaks as spaces."""
    panel.get_figure().draw_without_rendering()
    return [tick.get_text().replace("\n", " ") for tick in panel.get_yticklabels()]
