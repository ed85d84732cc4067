"""Numbers as tables in Markdown and terminals print them."""

from __future__ import annotations


def score_text(value: float, decimals: int = 3) -> str:
    """``"0.572"``; ``"nan"`` and ``"inf"`` as Python has them."""
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def count_text(value: int | None) -> str:
    """``"4.5 M"`` from 100 000 on; empty for None, as below."""
    if value is None:
        return ""
    return f"{value / 1e6:.1f} M" if value >= 100_000 else str(value)


def speed_text(value: float | None) -> str:
    """Seconds of audio per second."""
    return "" if value is None else f"{value:,.0f}"
