"""Our Cnn14 computes what panns-inference 0.1.1 (torchlibrosa 0.1.0) computes with its weights."""

import json

import pytest

from tests.parity.environment import OUR_NEEDS, SCRIPTS, ParityEnvironment

pytestmark = pytest.mark.parity

PANNS = ParityEnvironment(
    "panns",
    (
        (
            *("torch==2.13.0", *OUR_NEEDS, "PyYAML", "click", "rich"),
            *("panns-inference==0.1.1", "torchlibrosa==0.1.0", "librosa", "matplotlib"),
        ),
    ),
)


def test_cnn14_equals_upstream() -> None:
    printed = PANNS.run("python", str(SCRIPTS / "compare_panns.py"))
    for rate, signals in json.loads(printed.splitlines()[-1]).items():
        for signal, differences in signals.items():
            for what, difference in differences.items():
                assert difference < 1e-4, f"{what} of {signal} at {rate}: {difference:.1e}"
