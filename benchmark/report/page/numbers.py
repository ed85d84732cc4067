"""Numbers as the page prints them."""

from __future__ import annotations

import math

from benchmark.report.numbers import score_text

NONE = "–"


def page_score(value: float, decimals: int = 3) -> str:
    """As in the other tables, with a real minus sign and a real infinity."""
    return score_text(value, decimals).replace("-", "−").replace("inf", "∞")


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
