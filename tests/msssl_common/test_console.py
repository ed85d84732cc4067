"""Bars where there is no terminal: lines in a log."""

import io

import pytest
from rich.console import Console

from msssl_common import console as module
from msssl_common.console import bar


def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    text = io.StringIO()
    with bar(Console(file=text), "Making x") as advance:
        for done in range(0, 11):
            advance(done, 10)
            now += 25.0
    assert text.getvalue().splitlines() == [
        "Making x ...",
        "Making x: 30%",
        "Making x: 60%",
        "Making x: 90%",
    ]
