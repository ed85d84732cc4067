import math

import pytest

from benchmark.report.page.cells import Scale


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ((0.31, 0.947), (0.2, 1.0)),  # a fifth of 0.637 is 0.13: steps of 0.2
        ((0.672, 0.721), (0.67, 0.73)),  # steps of 0.01
        ((-0.6, 0.75), (-1.0, 1.0)),  # steps of 0.5
        ((1.2, 3.5), (1.0, 3.5)),
        ((0.0, 1.0), (0.0, 1.0)),
        ((0.5,), (0.4, 0.6)),
        ((0.0,), (-1.0, 1.0)),
        ((math.nan, 2.0, 4.0, math.inf), (2.0, 4.0)),
    ],
)
def test_ends_are_round_and_hold_all_values(values, ends):
    scale = Scale.over(values)
    assert scale and (scale.low, scale.high) == ends


def test_nothing_finite_has_no_scale():
    assert Scale.over([]) is None
    assert Scale.over([math.nan, -math.inf]) is None


def test_positions_are_shares_of_the_width_and_stay_within():
    scale = Scale(0.2, 0.6)
    assert scale.position(0.3) == pytest.approx(25)
    assert [scale.position(value) for value in (0.1, math.inf, -math.inf)] == [0, 100, 0]
