"""Numbers on a command line, of which "nan" and "inf" are none: no comparison would stop them."""

from __future__ import annotations

import math

import click


class FiniteRange(click.FloatRange):
    """A finite number, within bounds if there are any."""

    def convert(
        self, value: float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number.

        Raises:
            click.BadParameter: It is none, not finite or out of bounds.
        """
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{number} is no finite number.", param, ctx)
        return number
