"""Whatever a module does to its process touches its own row alone."""

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from benchmark.cli import main
from benchmark.models.hear_module import load_hear_module
from benchmark.models.outputs import HearModuleError
from benchmark.models.worker.interpreter import Interpreter
from benchmark.results.cell_files import predictions_path, read_cell
from benchmark.results.cells import Cell
from tests.benchmark.fake_modules import SOURCE, write_module
from tests.benchmark.tiny_tasks import write_scene_task
from tests.msssl_common.decoys import write_decoys

pytestmark = pytest.mark.own_process

AUDIO = torch.linspace(-1, 1, 2 * 16000).reshape(2, 16000)
ARGPARSE = "import argparse\nargparse.ArgumentParser().parse_args()\n"
VANDAL = """
import os, random, signal, sys, threading, time, warnings
import numpy, torch
os.makedirs("elsewhere", exist_ok=True)
os.chdir("elsewhere")
os.environ["MSBENCH_CACHE"] = "nowhere"
os.umask(0o777)
torch.set_num_threads(3)
torch.set_default_dtype(torch.float64)
torch.manual_seed(5); random.seed(5); numpy.random.seed(5)
torch.use_deterministic_algorithms(True)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
threading.Thread(target=time.sleep, args=(600,)).start()
print("my network is large")
for number in range(400):
    warnings.warn(f"warning {number}")
json = sys.modules["json"]
json.dumps = print
sys.stdout = sys.stderr = None
"""


@pytest.fixture
def tasks_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    write_scene_task(tmp_path / "tasks")
    return tmp_path / "tasks"


def _run(tasks_dir: Path, out: str, *names: str) -> Result:
    place = ["--no-floor", "--tasks-dir", str(tasks_dir), "--grid", "faster", "--out", out]
    return CliRunner().invoke(main, ["run", *names, *place])


def _cell(folder: Path, name: str) -> tuple[Cell, bytes]:
    (path,) = (folder / "cells").glob(f"{name}__*.json")
    predictions = predictions_path(path)
    return read_cell(path), predictions.read_bytes() if predictions.exists() else b""


def test_a_good_row_is_the_same_alone_and_after_others(
    tasks_dir: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = "embeddings = embeddings + 1e-3 * torch.rand(embeddings.shape)"
    good = write_module(modules, name="good", scene=draws)
    write_module(modules, name="parses", source=ARGPARSE + SOURCE)
    write_module(modules, name="vandal", source=VANDAL + SOURCE)
    write_module(modules, name="exits", scene="import sys\nsys.exit(0)")
    before = (Path.cwd(), torch.get_num_threads(), signal.getsignal(signal.SIGTERM))
    done = _run(tasks_dir, "out", "parses", "vandal", "exits", good)
    assert done.exit_code == 1, done.output
    assert before == (Path.cwd(), torch.get_num_threads(), signal.getsignal(signal.SIGTERM))
    assert torch.get_default_dtype() == torch.float32 and os.environ["MSBENCH_CACHE"] != "nowhere"
    assert threading.active_count() < 50
    said = " ".join(done.output.split())
    assert "SystemExit: 2: it parses the command line" in said and "usage:" not in said
    assert "large" not in said and "warning 399" not in said
    reason = _cell(modules / "out", "exits")[0].reason
    assert reason and "get_scene_embeddings raised an exception on" in reason
    assert "SystemExit: 0 (its traceback is in out/logs/exits.log)" in reason
    assert "vandal: what it printed is in out/logs/vandal.log" in said
    assert not (modules / "out" / "logs" / "good.log").exists()
    monkeypatch.setenv("MSBENCH_CACHE", str(tasks_dir.parent / "other"))
    assert _run(tasks_dir, "alone", good).exit_code == 0
    after, alone = _cell(modules / "out", good), _cell(modules / "alone", good)
    assert after[0].folds == alone[0].folds
    assert after[1] == alone[1] != b""


def test_a_worker_gives_the_bits_of_this_process(modules: Path) -> None:
    name = write_module(modules)
    here, there = load_hear_module(name), load_hear_module(name, "cpu", Interpreter.here())
    assert there.module.pid != os.getpid()  # type: ignore[union-attr]
    np.testing.assert_array_equal(here.scene(AUDIO), there.scene(AUDIO))
    assert there.note is None
    there.close()


@pytest.mark.parametrize(
    ("extra_init", "sentence"),
    [
        ("self.row_note = 5", "row_note 5; it must be text"),
        ("self.row_label = ['a']", r"row_label \['a'\]; it must be text"),
        (
            "self.proj = torch.nn.LazyLinear(4)",
            r"without weights in proj\.weight, proj\.bias; load",
        ),
    ],
)
@pytest.mark.parametrize("worker", [True, False])
def test_what_a_model_says_of_itself_is_checked(
    modules: Path, extra_init: str, sentence: str, worker: bool
) -> None:
    name = write_module(modules, extra_init=extra_init)
    with pytest.raises(HearModuleError, match=sentence):
        load_hear_module(name, "cpu", Interpreter.here() if worker else None)


def test_layers_that_are_built_at_the_first_call_are_refused(modules: Path) -> None:
    built = "model.late = torch.nn.Linear(4, 4)\nembeddings = model.late(embeddings)"
    hear = load_hear_module(write_module(modules, scene=built), "cpu", Interpreter.here())
    with pytest.raises(HearModuleError, match="built layers at its first call; load_model must"):
        hear.scene(AUDIO)
    hear.close()


def test_a_module_may_have_helpers_that_bear_our_names(modules: Path) -> None:
    (modules / "benchmark.py").write_text("GAIN = 2.0")
    (modules / "pretrain").mkdir()
    (modules / "pretrain" / "__init__.py").write_text("from pretrain.offset import OFFSET")
    (modules / "pretrain" / "offset.py").write_text("OFFSET = 3.0")
    (modules / "msssl_hear").mkdir()  # a folder of data is no package
    uses = "import benchmark, msssl_hear, pretrain\nfrom msssl_hear import load_model\n"
    uses += "embeddings = embeddings * benchmark.GAIN + pretrain.OFFSET"
    hear = load_hear_module(write_module(modules, scene=uses), "cpu", Interpreter.here())
    plain = AUDIO.square().mean(dim=1, keepdim=True) * torch.arange(1.0, 5.0)
    np.testing.assert_allclose(hear.scene(AUDIO), 2.0 * plain + 3.0, rtol=1e-6)
    hear.close()


def test_in_one_process_a_helper_that_bears_our_name_is_named(modules: Path) -> None:
    (modules / "benchmark.py").write_text("GAIN = 2.0")
    name = write_module(modules, source="from benchmark import GAIN\n" + SOURCE)
    with pytest.raises(
        HearModuleError, match=r"benchmark is msssl-hear's.* leave out --in-process"
    ):
        load_hear_module(name)


def test_our_modules_run_beside_files_that_bear_our_names(modules: Path) -> None:
    write_decoys(modules)
    hear = load_hear_module("benchmark.baselines.logmel", "cpu", Interpreter.here())
    assert len(hear.scene(AUDIO)) == 2
    hear.close()


def test_files_beside_a_module_do_not_stand_in_for_a_workers_own(modules: Path) -> None:
    for decoy in ("json", "socket", "numpy", "torch", "random", "serve"):
        (modules / f"{decoy}.py").write_text(f"raise RuntimeError('{decoy} of the user')")
    hear = load_hear_module(write_module(modules), "cpu", Interpreter.here())
    assert hear.scene(AUDIO).shape == (2, 4)
    hear.close()


DAEMON = """
import os, subprocess, sys
code = "import os, time; os.setsid(); open('daemon', 'w').write(str(os.getpid())); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", code])
if os.fork() == 0:
    pass  # the child goes on, as if it were the worker
"""
COUNTS = "model.calls = getattr(model, 'calls', 0) + 1\nembeddings = embeddings + model.calls"


def test_processes_that_a_module_starts_answer_nothing_and_end_with_it(modules: Path) -> None:
    daemon = DAEMON + SOURCE
    forks = "import os\nif os.fork() == 0:\n    return embeddings + 1"
    hear = load_hear_module(
        write_module(modules, source=daemon, scene=forks), "cpu", Interpreter.here()
    )
    plain = AUDIO.square().mean(dim=1, keepdim=True) * torch.arange(1.0, 5.0)
    for gain in (1.0, 0.5):
        np.testing.assert_allclose(hear.scene(gain * AUDIO), gain**2 * plain, rtol=1e-6)
    while not (modules / "daemon").exists() or not (modules / "daemon").read_text():
        time.sleep(0.01)
    hear.close()
    with pytest.raises(ProcessLookupError):
        for _ in range(200):
            os.kill(int((modules / "daemon").read_text()), 0)
            time.sleep(0.01)


def test_exceptions_that_cannot_be_written_or_have_no_end_are_one_sentence(modules: Path) -> None:
    odd = "class Odd(Exception):\n    def __str__(self): raise SystemExit(3)\nraise Odd()\n"
    with pytest.raises(HearModuleError, match="its message cannot be made"):
        load_hear_module(write_module(modules, source=odd), "cpu", Interpreter.here())
    long = "raise ValueError('x' * 30_000_000)"
    with pytest.raises(HearModuleError, match="30000000 characters") as caught:
        load_hear_module(write_module(modules, source=long), "cpu", Interpreter.here())
    assert len(str(caught.value)) < 20_000


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (COUNTS, True),
        ("model.weight.data.mul_(1.5)", True),
        ("model.cache = audio.clone()", False),
    ],
)
def test_a_module_whose_results_depend_on_what_came_before_is_named(
    modules: Path, state: str, found: bool
) -> None:
    hear = load_hear_module(write_module(modules, scene=state), "cpu", Interpreter.here())
    hear.scene(AUDIO)
    if found:
        with pytest.raises(HearModuleError, match="gave the same clip other embeddings later"):
            hear.module.inputs()  # type: ignore[union-attr]
    else:
        hear.module.inputs()  # type: ignore[union-attr]
    hear.close()


def test_a_module_may_put_anything_in_the_place_of_streams_and_modules(modules: Path) -> None:
    odd = (
        "import os, sys, tempfile\nclass Odd:\n"
        "    def __getattr__(self, name): raise KeyboardInterrupt\n"
        "sys.stdout = sys.stderr = sys.modules['odd'] = Odd()\n"
        "os.chdir(tempfile.mkdtemp())\nos.rmdir(os.getcwd())\n"
    )
    negative = "embeddings = torch._neg_view(-embeddings)"
    hear = load_hear_module(
        write_module(modules, source=odd + SOURCE, scene=negative), "cpu", Interpreter.here()
    )
    plain = AUDIO.square().mean(dim=1, keepdim=True) * torch.arange(1.0, 5.0)
    np.testing.assert_allclose(hear.scene(AUDIO), plain, rtol=1e-6)
    hear.close()
