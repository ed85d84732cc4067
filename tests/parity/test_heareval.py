"""Upstream's hear-eval-kit 2021.1.3 runs beside ours (protocol, part 5), from the same embeddings.

The two sides get the same number of threads, for matrix products round by it. A table of what was
compared is printed; ``pytest -rP`` shows it.
"""

import json
import shutil
from pathlib import Path

import pytest
import torch

from benchmark.heads import evaluate_task
from benchmark.heareval.embedding_folder import read_heareval_folder
from benchmark.protocol import Protocol
from tests.benchmark.heads.upstream_scores import assert_equals_upstream
from tests.parity.environment import HEAREVAL, REPOSITORY, SCRIPTS
from tests.parity.made_embeddings import MADE_TASKS, write_embeddings

pytestmark = pytest.mark.parity

# Patches at import time what keeps heareval from today's Python; not part of the project.
RUNNER = REPOSITORY.parent / "shared" / "tools" / "run_heareval.py"
SCORES = "test.predicted-scores.json"
POINTS = 2  # of the faster grid, for the made tasks


def upstream_predictions(cwd: Path, *arguments: str) -> None:
    if not RUNNER.is_file():
        pytest.skip("the shims that let heareval run (../shared/tools) are absent here")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", str(torch.get_num_threads()))
        HEAREVAL.run("python", str(RUNNER), "predictions", *arguments, "--grid", "faster", cwd=cwd)


@pytest.mark.shared
def test_upstream_and_ours_agree_on_stored_embeddings(shared_data: Path, tmp_path: Path) -> None:
    name = "fsdd_speaker-v1-full"
    folder = tmp_path / "embeddings" / "stored" / name
    source = shared_data / "parity" / "embeddings" / name
    shutil.copytree(source, folder, copy_function=shutil.copyfile)  # upstream writes into it
    folder.chmod(0o755)
    upstream_predictions(tmp_path, str(folder))
    compare(folder, Protocol("faster", mode="exact"))


@pytest.fixture(scope="module")
def scored_by_upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every made task, all scored by one run of upstream."""
    root = tmp_path_factory.mktemp("made")
    folders = [
        write_embeddings(name, made, root / "embeddings") for name, made in MADE_TASKS.items()
    ]
    upstream_predictions(root, *map(str, folders), "--grid-points", str(POINTS))
    return root / "embeddings"


@pytest.mark.parametrize("name", MADE_TASKS)
def test_upstream_and_ours_agree_on_made_tasks(scored_by_upstream: Path, name: str) -> None:
    compare(scored_by_upstream / name, Protocol("faster", mode="exact", grid_points=POINTS))


def test_upstream_and_ours_agree_on_scores_and_events(tmp_path: Path) -> None:
    if not RUNNER.is_file():
        pytest.skip("the shims that let heareval run (../shared/tools) are absent here")
    script = SCRIPTS / "compare_heareval_scores.py"
    printed = HEAREVAL.run("python", str(script), str(RUNNER), cwd=tmp_path)
    for name, (values, worst) in json.loads(printed.splitlines()[-1]).items():
        print(f"| {name} | {values} | {worst:.1e} |")
        assert worst < 1e-6, name


def compare(folder: Path, protocol: Protocol) -> None:
    task, splits = read_heareval_folder(folder)
    result = evaluate_task(task, splits, protocol)
    upstream = json.loads((folder / SCORES).read_text())
    values, worst = assert_equals_upstream(result, upstream)
    epochs = [fold.epoch for fold in result.folds]
    print(
        f"| {task.full_name} | {', '.join(task.evaluation)} | {values} | {worst:.1e} | {epochs} |"
    )
