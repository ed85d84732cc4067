"""Our own modules pass their own validator; ``tests/parity`` puts upstream's to them."""

import pytest

from benchmark.validator import validate


@pytest.mark.parametrize(
    "module", ["msssl_hear", "benchmark.baselines.panns", "benchmark.baselines.logmel"]
)
def test_looks_good(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    validate(module, "", "cpu")
    said = capsys.readouterr()
    assert said.out.endswith("Looks good!\n")
    # The one line that every module gets.
    assert [line[:18] for line in said.err.splitlines()] == ["Warning: IMPORTANT"]
