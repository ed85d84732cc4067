"""Fixtures for reports."""

import pytest


@pytest.fixture
def of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small results stand for HEAR's tasks: published rows join whatever the clips."""
    target = "benchmark.report.published.scores._of_hears_size"
    monkeypatch.setattr(target, lambda *_: True)
