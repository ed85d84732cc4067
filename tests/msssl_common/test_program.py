"""How the programs end: one sentence and the right status, whatever happens around them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import ROOT

PROGRAMS = {
    "msbench": "benchmark.__main__:msbench",
    "hear-validator": "benchmark.__main__:hear_validator",
    "mspretrain": "pretrain.__main__:mspretrain",
    "msssl-hear": "pretrain.__main__:msssl_hear",
}


def program(name: str, before: str = "") -> list[str]:
    """The interpreter with what a console script does, and something before it."""
    module, function = PROGRAMS[name].split(":")
    start = f"from {module} import {function} as run\nrun()"
    return [sys.executable, "-c", f"import sys; sys.argv[0] = {name!r}\n{before}\n{start}"]


def run(command: list[str], **more: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more.pop("env", {})}  # type: ignore[dict-item]
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command, env=environment, capture_output=True, text=True, timeout=120, **more
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_version_and_both_words_for_help(name: str) -> None:
    assert run([*program(name), "--version"]).stdout.startswith(f"{name} ")
    short, long = (run([*program(name), word]).stdout for word in ("-h", "--help"))
    assert short == long and f"Usage: {name}" in short


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_interrupt_while_importing_is_one_line(name: str) -> None:
    # The first import of click waits, as a slow disk would make it.
    before = (
        "class Slow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click':\n"
        "            print('importing', flush=True); __import__('time').sleep(60)\n"
        "sys.meta_path.insert(0, Slow())\n"
    )
    process = subprocess.Popen(
        [*program(name, before), "--help"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # also below nohup
    )
    assert process.stdout and process.stdout.readline() == "importing\n"
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "Stopped.\n")


def test_a_reader_that_goes_away_ends_it_in_silence() -> None:
    pipe = '"$@" | head -c 10 > /dev/null; exit ${PIPESTATUS[0]}'
    done = run(["bash", "-c", pipe, "bash", *program("msbench"), "tasks", "ls"])
    assert done.stderr == "" and done.returncode in (0, 1)


def test_closed_output_ends_nothing() -> None:
    done = subprocess.run(
        ["bash", "-c", 'exec "$@" >&-', "bash", *program("msbench"), "tasks", "ls"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0 and done.stderr == ""


def test_a_deleted_folder_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = run(["bash", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', str(gone), *program("msbench")])
    assert done.returncode == 2 and done.stderr.startswith("The current folder was deleted")


def test_an_ascii_terminal_gets_escapes() -> None:
    done = run([*program("msbench"), "tasks", "ls"], env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0 and done.stdout.isascii() and "esc50" in done.stdout
