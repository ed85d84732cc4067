"""Upstream's hear-eval-kit 2021.1.3 runs beside ours (protocol, part 5)."""

import json
import math
import shutil
from pathlib import Path

import pytest

from tests.parity.environment import HEAREVAL, REPOSITORY

pytestmark = [pytest.mark.parity, pytest.mark.shared]

# Patches at import time what keeps heareval from today's Python; not part of the project.
RUNNER = REPOSITORY.parent / "shared" / "tools" / "run_heareval.py"
TASK = "fsdd_speaker-v1-full"


@pytest.fixture
def embeddings(shared_data: Path, tmp_path: Path) -> Path:
    """A copy of the stored embeddings that upstream may write into."""
    if not RUNNER.is_file():
        pytest.skip("the shims that let heareval run (../shared/tools) are absent here")
    folder = tmp_path / "embeddings" / "stored" / TASK
    source = shared_data / "parity" / "embeddings" / TASK
    shutil.copytree(source, folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    return folder


def test_upstream_predicts_from_stored_embeddings(
    embeddings: Path, shared_data: Path, tmp_path: Path
) -> None:
    HEAREVAL.run(
        "python", str(RUNNER), "predictions", str(embeddings), "--grid", "faster", cwd=tmp_path
    )
    file = "test.predicted-scores.json"
    found = json.loads((embeddings / file).read_text())["test"]
    kept = json.loads((shared_data / "parity/scores/faster" / TASK / file).read_text())["test"]
    timing = {"time_in_min"}
    for name in kept.keys() - timing:
        assert math.isclose(found[name], kept[name], abs_tol=1e-6), name
