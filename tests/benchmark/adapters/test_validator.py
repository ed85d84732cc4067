"""hear-validator on small checkpoints of each family; its clicks must be found."""

import re

import pytest

from benchmark.validator import validate
from tests.benchmark.adapters.conftest import Made

TOWERS = ["hubert", "whisper", "ast", "clap"]
SAME_TOWERS = ["wav2vec2", "wav2vec2-large", "wavlm", "wavlm-large", "data2vec-audio", "clap-fused"]
SLOW = [pytest.param(family, marks=pytest.mark.slow) for family in SAME_TOWERS]


@pytest.mark.filterwarnings("ignore:At least one mel filter:UserWarning")
@pytest.mark.parametrize("family", [*TOWERS, *SLOW])
def test_hear_validator_passes(family: str, made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made(family)
    validate("benchmark.adapters.transformers", str(folder), "cpu")
    said = capsys.readouterr().out
    assert "Looks good!" in said
    lags = re.search(r"lag by (-?\d+)ms early in the clip, (-?\d+)ms late", said)
    assert lags is not None
    hop = float(re.findall(r"Avg interval between timestamps is ([\d.]+)ms", said)[-1])
    assert max(abs(int(lag)) for lag in lags.groups()) <= max(10.0, 0.1 * hop)
