"""Runs on a real Ray cluster of two nodes on this machine, beside the same runs in one process."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmark.cli import main
from benchmark.runner.parallel.tasks import Place
from benchmark.runner.ray.cluster import ENVIRONMENT, check_nodes, connected
from msssl_common.own_python import own_python
from tests import ROOT
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task
from tests.msssl_common.decoys import write_decoys

for name, value in ENVIRONMENT.items():  # as a run sets it, before the import
    os.environ.setdefault(name, value)
pytest.importorskip("ray", reason="Ray is not installed (pip install -e '.[ray]')")

from ray.cluster_utils import Cluster  # noqa: E402 -- only where there is a Ray

NODE: dict[str, Any] = {
    "num_cpus": 1,
    "num_gpus": 0,
    "object_store_memory": 80 * 2**20,
    "include_dashboard": False,
}
TIMING = ("embedding_seconds", "model_seconds", "head_seconds", "peak_memory_bytes")
SHORT = {"max_epochs": [3], "hidden_layers": [0, 1], "hidden_dim": [16]}

# Embeddings of little but noise: heads differ. If there is a file "victim", the node that it names
# waits for its end, and others wait until it has begun; if there is a file "slow", all wait.
SCENE = """
embeddings = torch.sin(1e6 * audio[:, :4])
import os, time
from pathlib import Path
Path("calls").mkdir(exist_ok=True)
Path(f"calls/{os.getpid()}").touch()
if Path("victim").exists():
    import ray
    if ray.get_runtime_context().get_node_id() == Path("victim").read_text():
        Path("reached").touch()
        time.sleep(120)
    while not Path("reached").exists():
        time.sleep(0.1)
if Path("slow").exists():
    Path("reached").touch()
    time.sleep(120)
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    started = Cluster(initialize_head=True, head_node_args=NODE)
    yield started
    started.shutdown()


@pytest.fixture
def place(tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run: a module, a task of three folds and one of events.

    It also has files of the user's that bear our packages' names. Ray puts the folder in which it
    is started at the head of its workers' path.
    """
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    splits = ["fold0", "fold1", "fold2"]
    folds = write_scene_task(
        tmp_path / "tasks", clips=8, split_mode="new_split_kfold", splits=splits
    )
    for folder in (folds, write_event_task(tmp_path / "tasks")):
        metadata = folder / "task_metadata.json"
        facts = {**json.loads(metadata.read_text()), "task_specific_param_grid": SHORT}
        metadata.write_text(json.dumps(facts))
    write_module(modules, name="noise", scene=SCENE)
    write_module(modules, name="broken", load="raise OSError('gone')")
    write_decoys(modules)
    return modules


def _arguments(place: Path, out: str, *options: str) -> list[str]:
    tasks = ["--tasks-dir", str(place.parent / "tasks"), "--grid", "faster"]
    # The module asks Ray on which node it is, which only Ray's own process knows.
    options = ("--in-process", *options)
    return ["run", "noise", "broken", "--no-floor", *tasks, "--out", out, *options]


def _run(place: Path, out: str, *options: str) -> str:
    done = CliRunner().invoke(main, _arguments(place, out, *options))
    assert done.exit_code == 1, done.output  # "broken" is
    assert "Traceback" not in done.output
    return done.output


def _cells(place: Path, out: str) -> dict[str, Any]:
    """A run's cells without what tells of time, and the bytes of its predictions."""
    found: dict[str, Any] = {}
    for path in (place / out / "cells").iterdir():
        if path.suffix == ".npz":
            found[path.name] = path.read_bytes()
            continue
        cell = json.loads(path.read_text())
        del cell["date"], cell["command"]
        for key in TIMING if cell["cost"] else ():
            del cell["cost"][key]
        found[path.name] = cell
    return found


def _wait_for(path: Path) -> None:
    end = time.monotonic() + 300
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.05)


def test_a_killed_node_changes_no_bit(
    place: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", str(place / "cache of local"))
    _run(place, "local")
    monkeypatch.setenv("MSBENCH_CACHE", str(place / "cache of ray"))
    victim = cluster.add_node(**NODE)
    cluster.wait_for_nodes()
    (place / "victim").write_text(victim.node_id)

    def kill() -> None:
        _wait_for(place / "reached")
        cluster.remove_node(victim, allow_graceful=False)

    killer = threading.Thread(target=kill)
    killer.start()
    said = _run(place, "ray", "--executor", "ray", "--address", cluster.address)
    killer.join()
    assert "Ray: 2 nodes with 2 CPUs; a task takes 1 CPU" in said
    assert "its node died; it is done again" in said
    assert "raylet" not in said
    assert len(_cells(place, "local")) == 4 + 2  # two tasks and modules; "broken" predicts nothing
    assert _cells(place, "ray") == _cells(place, "local")
    assert not list((place / "cache of ray" / "heads").iterdir())


@pytest.mark.slow
def test_what_a_run_on_ray_embedded_is_found_by_the_next(
    place: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", str(place / "cache of local"))
    exact = ["--mode", "exact", "--strict", "--seeds", "2"]
    _run(place, "local", *exact)
    monkeypatch.setenv("MSBENCH_CACHE", str(place / "cache of ray"))
    on_ray = ["--executor", "ray", "--address", cluster.address]
    _run(place, "fast", *on_ray)
    calls = set((place / "calls").iterdir())
    gone = cluster.add_node(**NODE)
    cluster.wait_for_nodes()
    cluster.remove_node(gone, allow_graceful=False)  # the cluster does not know yet
    said = _run(place, "ray", *exact, *on_ray)
    assert "Ray: 1 node with 1 CPU; a task" in said
    assert set((place / "calls").iterdir()) == calls
    cells, local = _cells(place, "ray"), _cells(place, "local")
    for name in local:
        if name.endswith(".json") and local[name]["cost"]:
            assert cells[name]["cost"].pop("embedding_cached")
            del local[name]["cost"]["embedding_cached"]
    assert cells == local


@pytest.mark.slow
def test_a_module_that_kills_its_process_costs_its_cells(place: Path, cluster: Cluster) -> None:
    deadly = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    name = write_module(place, timestamp=deadly)
    tasks = ["--tasks-dir", str(place.parent / "tasks"), "--grid", "faster", "--no-floor"]
    # In Ray's own process; a worker process of the module's would die alone.
    on_ray = ["--in-process", "--executor", "ray", "--address", cluster.address]
    done = CliRunner().invoke(main, ["run", name, *tasks, "--out", "out", *on_ray])
    assert done.exit_code == 1, done.output
    assert done.output.count("its process died; it is done again") == 3 * 3  # for each split
    told = "embedding train was tried 4 times; the last time, its process died"
    reasons = {
        cell["task"]["task"]: cell["reason"]
        for file, cell in _cells(place, "out").items()
        if file.endswith(".json")
    }
    assert reasons == {
        "tiny-v1-full": None,
        "tinyevents-v1-full": f"{name} tinyevents-v1-full: {told}",
    }


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_no_task_outlives_its_run(place: Path, cluster: Cluster, end: signal.Signals) -> None:
    (place / "slow").touch()
    on_ray = ["--executor", "ray", "--address", cluster.address]
    run = subprocess.Popen(
        own_python("benchmark", *_arguments(place, "out", *on_ray)),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    _wait_for(place / "reached")
    workers = [int(path.name) for path in (place / "calls").iterdir()]
    assert workers
    run.send_signal(end)
    said, _ = run.communicate(timeout=60)
    if end == signal.SIGINT:
        assert run.returncode == 130
        assert said.strip().splitlines()[-1] == "Stopped: run the same command again to resume."
        assert "Traceback" not in said
    deadline = time.monotonic() + 60
    while any(_alive(worker) for worker in workers):
        assert time.monotonic() < deadline, "a task goes on without its run"
        time.sleep(0.1)
    (place / "slow").unlink()
    _run(place, "out", *on_ray)  # and the same command goes on
    _run(place, "local")
    cells, local = _cells(place, "out"), _cells(place, "local")
    for name in local:
        if name.endswith(".json") and local[name]["cost"]:
            del cells[name]["cost"]["embedding_cached"], local[name]["cost"]["embedding_cached"]
    assert cells == local


def _alive(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_demand_that_no_node_meets_is_refused(place: Path, cluster: Cluster) -> None:
    on_ray = ["--executor", "ray", "--address", cluster.address, "--task-cpus", "7"]
    done = CliRunner().invoke(main, _arguments(place, "out", *on_ray))
    assert done.exit_code == 2
    assert "No node of the Ray cluster has 7 CPUs" in done.output
    assert "the largest has 1 CPU" in done.output


def test_a_folder_that_a_node_does_not_see_is_named(place: Path, cluster: Cluster) -> None:
    with connected(cluster.address) as ray:
        here = Place.here(1)
        assert check_nodes(ray, here, []) is None
        with pytest.raises(OSError, match=r"does not see .*/elsewhere as this machine does"):
            check_nodes(ray, here, [place / "elsewhere"])
    assert not list(here.cache.iterdir())
