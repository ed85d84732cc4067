"""hear-eval-kit 2021.1.3 and our exact mode train and score heads on the same embeddings.

Upstream runs by run_heareval.py, in an environment of its own, with as many threads as we have. The
embeddings are made here (made_embeddings.py). A table of what was compared is printed, which
``pytest -rP`` shows: task, scores, number of values, largest difference, best epochs.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.heads import evaluate_task
from benchmark.heareval.embedding_folder import read_heareval_folder
from benchmark.protocol import Protocol
from tests.benchmark.heads.upstream_scores import assert_equals_upstream
from tests.parity.environment import HEAREVAL, SCRIPTS
from tests.parity.made_embeddings import MADE_TASKS, write_embeddings

pytestmark = pytest.mark.parity

SCORES = "test.predicted-scores.json"
POINTS = 2  # of the faster grid, for the made tasks
SCENE, EVENT = "scene_holdout-v1-full", "event_offsets-v1-full"
STORED = ("fsdd_speaker-v1-full", "fsdd_kfold-v1-full", "fsdd_event-v1-small")

Heareval = Callable[..., None]


def written(root: Path, *names: str) -> list[str]:
    """Made tasks by name, in the folders that are returned."""
    return [str(write_embeddings(name, MADE_TASKS[name], root / "embeddings")) for name in names]


def compare(folder: Path, protocol: Protocol) -> None:
    """Our result beside the one that upstream left in the folder: choices and every number."""
    task, splits = read_heareval_folder(folder)
    result = evaluate_task(task, splits, protocol)
    upstream = json.loads((folder / SCORES).read_text())
    values, worst = assert_equals_upstream(result, upstream)
    epochs = [fold.epoch for fold in result.folds]
    print(
        f"| {task.full_name} | {', '.join(task.evaluation)} | {values} | {worst:.1e} | {epochs} |"
    )


@pytest.fixture(scope="module")
def scored_by_upstream(heareval: Heareval, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every made task, all scored by one run of upstream."""
    root = tmp_path_factory.mktemp("made")
    folders = written(root, *MADE_TASKS)
    heareval(root, "predictions", *folders, "--grid", "faster", "--grid-points", str(POINTS))
    return root / "embeddings"


@pytest.mark.parametrize("name", MADE_TASKS)
def test_made_tasks(scored_by_upstream: Path, name: str) -> None:
    compare(scored_by_upstream / name, Protocol("faster", mode="exact", grid_points=POINTS))


def test_another_seed(heareval: Heareval, tmp_path: Path) -> None:
    folders = written(tmp_path, SCENE, EVENT)
    arguments = ("predictions", *folders, "--grid", "faster", "--grid-points", "1")
    heareval(tmp_path, "--seed", "43", *arguments)
    for folder in folders:
        compare(Path(folder), Protocol("faster", seed=43, mode="exact", grid_points=1))


def test_the_default_grid(heareval: Heareval, tmp_path: Path) -> None:
    (folder,) = written(tmp_path, SCENE)
    heareval(tmp_path, "predictions", folder, "--grid", "default", "--grid-points", "1")
    compare(Path(folder), Protocol("default", mode="exact", grid_points=1))


@pytest.mark.shared
@pytest.mark.parametrize("name", STORED)
def test_stored_embeddings(
    heareval: Heareval, shared_data: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "embeddings" / "stored" / name
    source = shared_data / "parity" / "embeddings" / name
    shutil.copytree(source, folder, copy_function=shutil.copyfile)  # upstream writes into it
    folder.chmod(0o755)
    heareval(tmp_path, "predictions", str(folder), "--grid", "faster")
    compare(folder, Protocol("faster", mode="exact"))


def test_scores_and_events_by_themselves(tmp_path: Path) -> None:
    script = SCRIPTS / "compare_heareval_scores.py"
    printed = HEAREVAL.run("python", str(script), cwd=tmp_path)
    for name, (values, worst) in json.loads(printed.splitlines()[-1]).items():
        print(f"| {name} | {values} | {worst:.1e} |")
        assert worst < 1e-6, name


LEAVE_OUT = """
import sys
from tests.parity import run_heareval
shims = run_heareval.SHIMS[sys.argv[2]]
run_heareval.SHIMS[sys.argv[2]] = [shim for shim in shims if shim.__name__ != sys.argv[1]]
run_heareval.main(sys.argv[2:])
"""


@pytest.mark.parametrize(
    ("shim", "program", "task", "error"),
    [
        ("provide_tensorflow", "embeddings", "", "No module named 'tensorflow'"),
        ("load_whole_checkpoints", "predictions", SCENE, "Weights only load failed"),
        ("make_current_epoch_settable", "predictions", EVENT, r"KeyError: \d+"),
    ],
)
def test_upstream_fails_without(
    shim: str, program: str, task: str, error: str, tmp_path: Path
) -> None:
    arguments = ["--help"]
    if task:
        arguments = [*written(tmp_path, task), "--grid", "faster", "--grid-points", "1"]
    with pytest.raises(AssertionError, match=error):
        HEAREVAL.run("python", "-c", LEAVE_OUT, shim, program, *arguments, cwd=tmp_path)
