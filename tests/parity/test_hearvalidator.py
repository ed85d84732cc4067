"""Upstream's hearvalidator 2021.0.6, unmodified, with the real TensorFlow, on our modules."""

import pytest

from tests.parity.environment import HEARVALIDATOR

pytestmark = pytest.mark.parity


@pytest.mark.parametrize(
    "module",
    [
        "msssl_hear",
        "benchmark.baselines.cola",
        "benchmark.baselines.panns",
        "benchmark.baselines.logmel",
        "benchmark.baselines.random",
    ],
)
def test_upstream_says_looks_good(module: str) -> None:
    said = HEARVALIDATOR.run("hear-validator", module, "--device", "cpu")
    assert said.splitlines()[-1] == "Looks good!"
