"""Checkpoints for the adapters' tests: made once, read by many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Made = Callable[[str], Path]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The folder of a family's small checkpoint; not to be changed. Skips without transformers."""
    from tests.benchmark.adapters.small_models import saved

    root, folders = tmp_path_factory.mktemp("checkpoints"), {}

    def folder(family: str) -> Path:
        if family not in folders:
            folders[family] = saved(family, root)
        return folders[family]

    return folder
