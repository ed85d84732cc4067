"""The recipes for Slurm, with a stand-in for Slurm that starts each step on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_scene_task

RECIPES = sorted((ROOT / "docs" / "slurm").glob("*.sbatch"))

# Drops its own options and becomes the step.
SRUN = 'while [[ "$1" == --* ]]; do shift; done\nexec "$@"'


@pytest.fixture
def slurm(tmp_path: Path) -> dict[str, str]:
    """The environment of a job of two nodes, with stand-ins for Slurm's commands and the venv."""
    commands = {
        "srun": SRUN,
        "scontrol": "echo first; echo second",
        "msbench": f'exec {sys.executable} -m benchmark.cli "$@"',
        "torchrun": 'echo "torchrun $* with $OMP_NUM_THREADS threads"',
    }
    folder = tmp_path / "venv" / "bin"
    folder.mkdir(parents=True)
    for name, text in commands.items():
        (folder / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / name).chmod(0o755)
    (folder / "activate").write_text(f"PATH={folder}:{Path(sys.executable).parent}:$PATH\n")
    return {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "VENV": str(folder.parent),
        "MSBENCH_CACHE": str(tmp_path / "cache"),
        "SLURM_JOB_ID": str(os.getpid()),
        "SLURM_JOB_NODELIST": "first,second",
        "SLURM_JOB_NUM_NODES": "2",
        "SLURM_CPUS_PER_TASK": "1",
    }


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_recipes_are_shell_scripts_for_sbatch(recipe: Path) -> None:
    subprocess.run(["bash", "-n", recipe], check=True)
    alone = {name: value for name, value in os.environ.items() if not name.startswith("SLURM")}
    done = subprocess.run(["bash", recipe], env=alone, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "this file is for sbatch" in done.stderr


def test_pretraining_starts_torchrun_on_all_nodes(slurm: dict[str, str]) -> None:
    recipe = ROOT / "docs" / "slurm" / "pretrain.sbatch"
    gpus = {"SLURM_JOB_ID": "7", "SLURM_GPUS_ON_NODE": "8", "SLURM_CPUS_PER_TASK": "64"}
    command = ["bash", recipe, "--recipe", "multi", "--out", "runs/my run"]
    expected = (
        "torchrun --nnodes=2 --nproc-per-node=8 --rdzv-backend=c10d --rdzv-id=7 "
        "--rdzv-endpoint=first:20007 -m pretrain run --device cuda --recipe multi "
        "--out runs/my run{resume} with 8 threads\n"
    )
    for restarts, resume in (("0", ""), ("1", " --resume")):
        done = subprocess.run(
            command,
            env={**slurm, **gpus, "SLURM_RESTART_COUNT": restarts},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == expected.format(resume=resume)


@pytest.mark.slow
def test_a_benchmark_on_the_nodes_of_a_job(
    slurm: dict[str, str], tmp_path: Path, modules: Path
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (pip install -e '.[ray]')")
    write_scene_task(tmp_path / "tasks")
    options = ["--no-floor", "--tasks-dir", str(tmp_path / "tasks"), "--grid", "faster"]
    done = subprocess.run(
        ["bash", ROOT / "docs/slurm/benchmark.sbatch", write_module(modules), *options],
        env=slurm,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ray: 2 nodes with 2 CPUs; a task takes 1 CPU and uses 1 thread" in done.stdout
    (cell,) = (modules / "results" / "tasks" / "cells").glob("*.json")
    assert json.loads(cell.read_text())["reason"] is None
