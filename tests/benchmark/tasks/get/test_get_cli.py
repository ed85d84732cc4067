"""``msbench tasks get`` as a user meets it; its process killed from outside."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmark.cli import main
from tests.benchmark.tasks.get.archives import ARCHIVE, FOLDER, task_files, write_archive
from tests.benchmark.tasks.get.hostile_server import Behaviour, serving
from tests.benchmark.tasks.get.test_get_task import CONTENT, publish, tree


def msbench(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["tasks", *map(str, arguments)])


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    return write_archive(tmp_path / "archives", CONTENT).parent


@pytest.mark.parametrize("name", ["esc50", "ESC-50", FOLDER])
def test_get_by_any_name(archives: Path, tmp_path: Path, name: str) -> None:
    to = tmp_path / "tasks"
    result = msbench("get", name, "--from", archives, "--to", to, "--sample-rate", 22050)
    assert result.exit_code == 0, result.output
    assert f"{to / FOLDER}: 12 clips, 0.00 h, at 22050 Hz" in result.output
    assert (to / FOLDER / "22050").is_dir()


def test_one_that_fails_does_not_stop_the_others(archives: Path, tmp_path: Path) -> None:
    to = tmp_path / "tasks"
    result = msbench("get", "maestro", "esc50", "--from", archives, "--to", to)
    assert result.exit_code == 1
    assert f"maestro-v3.0.0-5h: {archives} has no hear2021-maestro-v3.0.0-5h" in result.output
    assert (to / FOLDER).is_dir()


def test_what_cannot_begin(archives: Path, tmp_path: Path) -> None:
    for arguments, said in [
        (["get"], "Missing argument"),
        (["get", "esc51"], "There is no HEAR task 'esc51'; close to it: esc50"),
        (["get", "nsynth_pitch"], "may be nsynth_pitch_50h and nsynth_pitch_5h"),
        (["get", "esc50", "--sample-rate", "8000"], "is not one of '16000'"),
        (["get", "esc50", "--from", "nowhere"], "--from nowhere is not a folder"),
        (["get", "esc50", "--mirror", "nowhere"], "a local folder is --from"),
    ]:
        result = msbench(*arguments)
        assert result.exit_code == 2, result.output
        assert said in result.output
        assert "Traceback" not in result.output


def test_beehive_is_two_folders(tmp_path: Path) -> None:
    result = msbench("get", "beehive_states", "--from", tmp_path, "--to", tmp_path / "tasks")
    assert result.exit_code == 1
    assert "beehive_states_fold0-v2-full:" in result.output
    assert "beehive_states_fold1-v2-full:" in result.output


def test_ls_sees_what_get_did(
    archives: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert line_of("ls")[-1] == "no"
    assert msbench("get", "esc50", "--from", archives, "--keep-source").exit_code == 0
    assert line_of("ls")[-3:] == ["16,", "48", "kHz"]
    assert line_of("ls", "--tasks-dir", "tasks")[-3:] == ["16,", "48", "kHz"]


def line_of(*arguments: str) -> list[str]:
    lines = [line.split() for line in msbench(*arguments).output.splitlines()]
    return next(line for line in lines if line[0] == FOLDER)


PROGRAM = """
import sys
from benchmark.tasks.get import origin
origin.API = sys.argv.pop(1)
from benchmark.cli import main
main()
"""


def test_killed_in_the_middle_of_a_download(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks"
    part = tasks / f".get-{FOLDER}" / f"{ARCHIVE}.part"
    with serving(Behaviour(halt_half_way=threading.Event())) as server:
        publish(server, CONTENT)
        api = f"{server.url}/api"
        command = [sys.executable, "-c", PROGRAM, api, "tasks", "get", "esc50", "--to", str(tasks)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            while not part.exists() or part.stat().st_size < len(CONTENT) // 2:
                assert process.poll() is None
                time.sleep(0.01)
            process.kill()  # SIGKILL
        assert server.behaviour.halt_half_way is not None
        server.behaviour.halt_half_way.set()
        listed = msbench("ls", "--tasks-dir", tasks)
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert server.ranges[-1] == f"bytes={len(CONTENT) // 2}-"
    lines = [line.split() for line in listed.output.splitlines()]
    assert [line[-1] for line in lines if line[0] == FOLDER] == ["unfinished"]
    names = {f"{FOLDER}/{name.replace('48000', '16000')}" for name in task_files()}
    assert set(tree(tasks)) == names
