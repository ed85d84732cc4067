"""Our front end and stock EfficientNet-B0 against torchaudio 2.11.0 and timm."""

import json

import pytest

from tests.parity.environment import SCRIPTS, TORCHAUDIO_AND_TIMM

pytestmark = pytest.mark.parity


def compare(script: str) -> dict:
    return json.loads(TORCHAUDIO_AND_TIMM.run("python", str(SCRIPTS / script)).splitlines()[-1])


def test_log_mel_equals_torchaudio() -> None:
    differences = compare("compare_front_end.py")
    assert differences.pop("filters")["absolute"] < 1e-5
    assert len(differences) == 6
    for signal, difference in differences.items():
        assert difference["same filters"] < 1e-6, signal
        assert difference["mel power"] < 1e-5, signal
        # Bands into which a sweep only leaks: torchaudio's filters there are good to 0.1 %.
        assert difference["log-mel, absolute"] < 2e-3, signal


def test_stock_efficientnet_equals_timm() -> None:
    result = compare("compare_efficientnet.py")
    assert result["weights"] == 3_634_316
    for place, difference in result["differences"].items():
        assert difference < 1e-5, place
