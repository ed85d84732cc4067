"""hear-eval-kit takes our export, and we take its embeddings: the same files, the same scores.

Upstream runs by run_heareval.py, in an environment of its own, with as many threads as we have.
"""

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmark.cli.heareval import export, score
from tests.benchmark.fake_modules import write_module
from tests.benchmark.heareval.score_files import assert_upstreams_file
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task

pytestmark = pytest.mark.parity

TASKS = ("tiny-v1-full", "tinyevents-v1-full")
SCORES = "test.predicted-scores.json"
MODULE = "noisy_loudness"


def msbench(command, *arguments: str) -> None:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output


@pytest.fixture(scope="module", autouse=True)
def folder(
    heareval: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The current folder, with our export in ``ours`` and upstream's embeddings in ``theirs``."""
    root = tmp_path_factory.mktemp("interchange")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MSBENCH_CACHE", str(root / "cache"))
        patch.chdir(root)
        patch.syspath_prepend(str(root))
        # So much noise, the same for the same audio, that scores are neither 0 nor 1.
        write_module(
            root,
            name=MODULE,
            scene="embeddings = embeddings + 0.2 * torch.sin(1e4 * audio[:, :4])",
            timestamp="embeddings = embeddings + 0.1 * torch.sin(1e4 * frames[..., :4])",
        )
        write_scene_task(root / "tasks", clips=80)
        write_event_task(root / "tasks", clips=6)
        msbench(export, MODULE, "--tasks-dir", "tasks", "--out", "ours")
        heareval(root, "embeddings", MODULE, "--tasks-dir", "tasks", "--embeddings-dir", "theirs")
        folders = [f"ours/{MODULE}/{name}" for name in TASKS]
        heareval(root, "predictions", *folders, "--grid", "faster")
        yield root


@pytest.mark.parametrize("name", TASKS)
def test_the_export_has_upstreams_files(folder: Path, name: str) -> None:
    ours, theirs = (folder / side / MODULE / name for side in ("ours", "theirs"))
    files = {path.name for path in theirs.iterdir() if path.is_file()}
    assert files <= {path.name for path in ours.iterdir()}
    for file in sorted(files - {"profile.embeddings.json"}):
        found, wanted = ((side / file).read_bytes() for side in (ours, theirs))
        if file.endswith(".embeddings.npy"):
            # Upstream's batches are larger, and sums round by the batch.
            numbers = (np.frombuffer(content, np.float32) for content in (found, wanted))
            np.testing.assert_allclose(*numbers, rtol=1e-6, atol=1e-7)
        elif file.endswith(".pkl"):
            assert pickle.loads(found) == pickle.loads(wanted)
        else:
            assert found.replace(b"ours/", b"theirs/") == wanted, file


@pytest.mark.parametrize("name", TASKS)
def test_upstream_scores_the_export_as_we_do(folder: Path, name: str) -> None:
    ours = folder / "scores" / f"{name}.json"
    export_folder = f"ours/{MODULE}/{name}"
    arguments = ("--grid", "faster", "--mode", "exact", "--out", str(ours))
    msbench(score, export_folder, *arguments)
    theirs = json.loads((folder / export_folder / SCORES).read_text())
    assert theirs["embedding_path"] == export_folder
    assert_upstreams_file(json.loads(ours.read_text()), theirs)
    assert 0 < theirs["test"]["test_score"] < 1


@pytest.mark.parametrize("name", TASKS)
def test_scores_of_upstream_are_not_overwritten(folder: Path, name: str) -> None:
    path = folder / "ours" / MODULE / name / SCORES
    before = path.read_bytes()
    result = CliRunner().invoke(score, [str(path.parent), "--grid", "faster", "--mode", "exact"])
    assert result.exit_code == 1
    assert "written by another tool" in result.output
    assert path.read_bytes() == before
