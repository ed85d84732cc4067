"""Numbers as text, for Markdown, terminals and the page."""

from __future__ import annotations

import math

UNDEFINED = "undefined"  # a score that the test split, or what was predicted, leaves open


def score_text(value: float, decimals: int = 3) -> str:
    """``"0.572"``; ``"undefined"`` for NaN, and ``"inf"`` as Python has it."""
    if math.isnan(value):
        return UNDEFINED
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def or_none(value: float) -> float | None:
    """None for NaN: an empty field of a CSV table."""
    return None if math.isnan(value) else value


def count_text(value: int | None) -> str:
    """``"4.5 M"`` from 100 000 on; empty for None, as below."""
    if value is None:
        return ""
    return f"{value / 1e6:.1f} M" if value >= 100_000 else str(value)


def speed_text(value: float | None) -> str:
    """Seconds of audio per second."""
    return "" if value is None else f"{value:,.0f}"


NONE = "–"


def page_score(value: float, decimals: int = 3) -> str:
    """As in the other tables, with a real minus sign and a real infinity."""
    text = score_text(value, decimals)
    return text if math.isnan(value) else text.replace("-", "−").replace("inf", "∞")


def end_text(value: float) -> str:
    """An end of a scale, as short as can be."""
    return f"{value:g}".replace("-", "−")


def p_text(p: float) -> str:
    """A p-value: three decimals, or that it is less."""
    if math.isnan(p):
        return NONE
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def memory_text(value: float | None) -> str:
    """Bytes in MB (10⁶)."""
    return "" if value is None else f"{value / 1e6:,.0f} MB"
