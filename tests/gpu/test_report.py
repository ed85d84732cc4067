import json
import math
from pathlib import Path

import pytest

from benchmark.baselines import logmel
from benchmark.heareval.embedding_folder import read_heareval_folder
from tests.gpu.__main__ import Run
from tests.gpu.agreement import losses_and_gradients, training_paths
from tests.gpu.child import SECTIONS
from tests.gpu.embedding import as_it_was, from_memory, worker_against_cpu
from tests.gpu.findings import Check, Report, Speed
from tests.gpu.heads import replay_against_plain
from tests.gpu.made_data import made_waveforms, write_event_task, write_scene_task
from tests.gpu.sections import SECONDS
from tests.pretrain.conftest import few_statistics, make_tiny_recipe  # noqa: F401


def test_what_is_missed_and_what_is_wrong_is_said() -> None:
    checks = [Check("a", 0.1, 0.2), Check("b", 0.3, 0.2), Check("c", math.nan, 0.2)]
    speeds = [Speed("d", 5.0, "s", 4.0), Speed("e", 5.0, "s", 4.0, least=False), Speed("f", 1, "s")]
    lines = Report("here", 1.0, checks, speeds).markdown().splitlines()
    verdicts = {
        line.split("|")[1].strip(): line.split("|")[4].strip() for line in lines if "|" in line
    }
    assert verdicts["a"] == "ok"
    assert verdicts["b"] == verdicts["c"] == "**wrong**"
    assert (verdicts["d, s"], verdicts["e, s"], verdicts["f, s"]) == ("reached", "missed", "")


CHILD = """
echo '{"place": "a GPU", "on_cpu": false}'
echo "{\\"begin\\": \\"$1\\"}"
check() { echo "{\\"name\\": \\"of $1\\", \\"difference\\": 0.0, \\"tolerance\\": 0.1}"; }
check "$1"
case $1 in
  slow) exec sleep 5 ;;
  crashes) kill -9 $$ ;;
  breaks) echo '{"broken": "RuntimeError: a kernel"}'; exit 1 ;;
esac
echo "{\\"end\\": \\"$1\\"}"
"""


class Played(Run):
    """Sections that a shell plays, each in a process of its own."""

    def command(self) -> list[str]:
        return ["sh", "-c", CHILD, "child", next(iter(self.left))]


def test_a_section_that_hangs_or_dies_costs_no_other_one(tmp_path: Path) -> None:
    left = dict.fromkeys(("first", "crashes", "breaks"), 60.0) | {"slow": 0.2, "last": 60.0}
    report = Played("cuda", tmp_path / "gpu", 60.0, left).all()
    assert report.sections == {
        "first": "whole",
        "crashes": "**broken**: the process ended",
        "breaks": "**broken**: RuntimeError: a kernel",
        "slow": "stopped: it took too long",
        "last": "whole",
    }
    names = ["first", "crashes", "breaks", "slow", "last"]
    assert [check.name for check in report.checks] == [f"of {name}" for name in names]
    assert not report.passed
    written = (tmp_path / "gpu.md").read_text()
    assert written == report.markdown() and "On a GPU" in written
    assert json.loads((tmp_path / "gpu.json").read_text())["sections"] == report.sections


def test_what_has_no_time_is_left_out(tmp_path: Path) -> None:
    left = {"slow": 60.0, "last": 60.0}
    report = Played("cuda", tmp_path / "gpu", 0.3, left).all()
    assert report.sections == {
        "slow": "stopped: the time was over",
        "last": "left out: no time",
    }
    assert report.passed and [*SECTIONS] == [*SECONDS]


@pytest.mark.parametrize("write", [write_scene_task, write_event_task])
def test_made_tasks_are_read_as_hear_eval_kits(tmp_path: Path, write) -> None:
    task, splits = read_heareval_folder(write(tmp_path, {"train": 3, "valid": 2, "test": 2}))
    assert list(splits) == ["train", "valid", "test"]
    assert task.embedding_type in ("scene", "event")


def test_the_cpu_agrees_with_itself() -> None:
    for check in losses_and_gradients("cpu", ["multi"]):
        assert check.difference == 0.0, check.name


@pytest.mark.usefixtures("few_statistics")
def test_played_steps_are_the_plain_ones() -> None:
    checks = list(training_paths("cpu", make_tiny_recipe()))
    assert len(checks) == 3
    assert all(check.difference == 0.0 for check in checks), checks


def test_recorded_heads_are_those_of_plain_operations(tmp_path: Path) -> None:
    """On a CPU, where recorded operations stand in for a GPU's graphs."""
    clips = {"train": 300, "valid": 40, "test": 40}
    task, splits = read_heareval_folder(write_scene_task(tmp_path, clips))
    replay = replay_against_plain(task, splits, "cpu")
    assert replay.difference == 0.0
    assert replay.warnings == []


def test_clips_from_files_are_those_of_memory(tmp_path: Path) -> None:
    """The comparison and the measurement that a GPU has, of a small module on the CPU."""
    found = dict(worker_against_cpu("benchmark.baselines.logmel", "cpu", tmp_path, 9))
    assert found == {"scene": 0.0, "event": 0.0}
    audio, model = made_waveforms(2, 0.5), logmel.load_model()
    with as_it_was():
        assert from_memory(logmel.get_scene_embeddings, model, audio, "cpu", 1) > 0
