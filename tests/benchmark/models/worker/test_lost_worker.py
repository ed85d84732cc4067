"""An interpreter that died, hung or spoke nonsense is named; nothing waits for it, or stays."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from benchmark.embeddings.batches import BatchEmbedder
from benchmark.models.hear_module import HearModuleOutOfMemoryError
from benchmark.models.outputs import HearModuleError
from tests import ROOT

AUDIO = torch.linspace(-1, 1, 2 * 16000).reshape(2, 16000)
ONCE = "from pathlib import Path\nonce = Path('once')\nfirst = not once.exists(); once.touch()\n"


def living(group: int) -> list[str]:
    """Processes of a process group that are not dead yet; zombies are."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of_group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(of_group) == group and state != "Z":
            found.append(stat.parent.name)
    return found


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("half a minute was not enough")


@pytest.mark.parametrize(
    ("death", "named"),
    [
        ("os._exit(3)", "ended with exit status 3"),
        ("os.kill(os.getpid(), 11)", "was killed by SIGSEGV"),
        ("os.closerange(3, 300)", "stopped because it closed its connection|exit status"),
    ],
)
def test_a_dead_worker_is_named_and_started_again(write, foreign, death: str, named: str) -> None:
    code = f"{ONCE}import os, sys\nif first:\n    print('last words', flush=True); {death}"
    hear = foreign(write(scene=code))
    with pytest.raises(HearModuleError, match=f"failed on .*({named}).*") as caught:
        hear.scene(AUDIO)
    assert "last words" in str(caught.value)
    assert hear.scene(AUDIO).shape == (2, 4)


def test_a_worker_killed_for_want_of_memory_gets_smaller_batches(write, foreign) -> None:
    code = "import os\nif len(audio) > 1: os.kill(os.getpid(), 9)"
    hear = foreign(write(scene=code))
    with pytest.raises(HearModuleOutOfMemoryError, match="SIGKILL"):
        hear.scene(AUDIO)
    clips = [(str(row), audio.numpy()) for row, audio in enumerate(AUDIO)]
    embedded = BatchEmbedder(hear, True, 100_000).embed(clips)
    assert [rows.shape for rows, _ in embedded] == [(1, 4), (1, 4)]


def test_out_of_memory_there_is_out_of_memory_here(write, foreign) -> None:
    hear = foreign(write(scene="raise MemoryError('8 EiB')"))
    with pytest.raises(HearModuleOutOfMemoryError, match="MemoryError: 8 EiB"):
        hear.scene(AUDIO)


@pytest.mark.parametrize("held", ["", "os.fork() or time.sleep(600)\n"])
def test_a_hung_worker_is_named_and_gone(write, foreign, held: str) -> None:
    code = f"import os, time\n{held}print('half way', flush=True); time.sleep(600)"
    hear = foreign(write(scene=code), timeout=8)
    pid = hear.module._worker.pid
    with pytest.raises(HearModuleError, match=r"did not answer within 8 s and was stop.*half way"):
        hear.scene(AUDIO)
    wait_for(lambda: not living(pid))  # nor anything that it started


def test_a_child_that_keeps_the_socket_does_not_hide_a_death(write, foreign) -> None:
    code = "import os, time\nif os.fork():\n    os._exit(5)\ntime.sleep(600)"
    hear = foreign(write(scene=code))
    with pytest.raises(HearModuleError, match="ended with exit status 5"):
        hear.scene(AUDIO)


def test_nonsense_on_the_socket_is_no_message(write, foreign) -> None:
    code = (
        "import os\nfor fd in range(3, 50):\n    try: os.write(fd, b'nonsense')\n"
        "    except OSError: pass"
    )
    hear = foreign(write(scene=code))
    with pytest.raises(HearModuleError, match="it sent what is no message"):
        hear.scene(AUDIO)


def test_another_model_after_a_restart_is_refused(write, foreign) -> None:
    init = "import time\nself.weight.array[0] = time.time() % 1000"
    hear = foreign(write(extra_init=init, scene="import os; os._exit(3)"))
    with pytest.raises(HearModuleError, match="exit status 3"):
        hear.scene(AUDIO)
    with pytest.raises(HearModuleError, match="started again after it was lost and gave another"):
        hear.scene(AUDIO)


@pytest.fixture
def interrupts():
    """SIGINT as in a terminal: started in the background of a shell, Python inherits it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_an_interrupt_ends_the_worker(write, foreign) -> None:
    hear = foreign(write(scene="import time; time.sleep(600)"))
    timer = threading.Timer(1, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        hear.scene(AUDIO)
    assert not hear.module._worker.alive


def test_a_worker_does_not_outlive_us(write) -> None:
    name = write(scene="import time; time.sleep(600)")
    code = (
        "import sys, torch; from pathlib import Path\n"
        "from benchmark.models.hear_module import load_hear_module\n"
        "from benchmark.models.worker.interpreter import Interpreter\n"
        f"hear = load_hear_module({name!r}, 'cpu', Interpreter(Path(sys.executable)))\n"
        "print(hear.module._worker.pid, flush=True); hear.scene(torch.ones(1, 16000))"
    )
    root = str(ROOT)
    ours = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert ours.stdout
    pid = int(ours.stdout.readline())
    ours.kill()
    ours.wait()
    try:
        wait_for(lambda: not living(pid))
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
