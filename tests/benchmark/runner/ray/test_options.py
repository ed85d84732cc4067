"""What is asked of Ray wrongly costs one sentence; Ray is imported only if it is asked for."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.cli import main
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_scene_task


@pytest.fixture
def command(tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    write_scene_task(tmp_path / "tasks")
    return ["run", write_module(modules), "--no-floor", "--tasks-dir", str(tmp_path / "tasks")]


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _refused(command: list[str], *options: str) -> str:
    done = CliRunner().invoke(main, [*command, *options])
    assert done.exit_code == 2, done.output
    lines = done.output.strip().splitlines()
    assert len(lines) == 1, done.output
    return lines[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--address", "auto"], "--address is for --executor ray"),
        (["--task-cpus", "2"], "--task-cpus is for --executor ray"),
        (["--task-gpus", "0.5"], "--task-gpus is for --executor ray"),
        (["--executor", "ray", "--device", "cuda:1"], "say --device cuda"),
    ],
)
def test_options_that_do_not_go_together(
    command: list[str], options: list[str], sentence: str
) -> None:
    assert sentence in _refused(command, *options)


def test_a_missing_ray_is_one_sentence(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert "pip install 'msssl-hear[ray]'" in _refused(command, "--executor", "ray")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("ray://head:10001", "Ray's client is not supported"),
        ("head", "neither HOST:PORT nor auto"),
        ("127.0.0.1:PORT", "No Ray cluster answers at 127.0.0.1:"),
    ],
)
def test_an_address_where_nobody_is(command: list[str], address: str, sentence: str) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (pip install -e '.[ray]')")
    given = address.replace("PORT", str(_free_port()))
    assert sentence in _refused(command, "--executor", "ray", "--address", given)


def test_ray_is_not_imported_unless_it_is_asked_for() -> None:
    program = (
        "import sys, benchmark.cli, benchmark.api, benchmark.runner.ray.executor\n"
        "print('ray' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
