import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from benchmark.cli import main
from benchmark.models.specs import baseline_names, row_specs
from benchmark.protocol import Protocol
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task


@pytest.fixture
def tasks_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    write_scene_task(tmp_path / "tasks")
    return tmp_path / "tasks"


def _msbench(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_run_with_floors(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules)
    result = _msbench("run", name, "--tasks-dir", tasks_dir, "--grid", "faster")
    assert result.exit_code == 0, result.output
    table = pd.read_csv(modules / "results" / "runs" / "tasks" / "leaderboard.csv")
    assert sorted(table.label) == [name, "logmel", "random"]
    assert table["tiny-v1-full:top1_acc"][0] == 1.0
    assert "Written: results/runs/tasks/leaderboard.md" in result.output


def test_mode_rules_seeds_and_embeddings_are_asked_for(tasks_dir: Path, modules: Path) -> None:
    run = ["run", write_module(modules), "--no-floor", "--tasks-dir", tasks_dir, "--grid", "faster"]
    columns = ["mode", "rules", "seed", "embedding_dtype"]

    def rows(out: str, *options: str) -> list[list[object]]:
        result = _msbench(*run, "--out", out, *options)
        assert result.exit_code == 0, result.output
        table = pd.read_csv(modules / out / "scores.csv")
        return table[table.is_primary][columns].values.tolist()

    assert rows("plain") == [[Protocol.mode, "published", 42, "float32"]]
    options = ("--mode", "exact", "--strict", "--seed", "7", "--seeds", "2")
    assert rows("all", *options, "--embedding-dtype", "float16") == [
        ["exact", "strict", "7", "float16"],
        ["exact", "strict", "8", "float16"],
        ["exact", "strict", "mean", "float16"],
    ]


def test_one_embedding_for_all_clips_is_noted_by_run_and_report(
    tasks_dir: Path, modules: Path
) -> None:
    name = write_module(modules, scene="embeddings = 0 * embeddings + model.weight")
    run = ["run", name, "--no-floor", "--tasks-dir", tasks_dir, "--grid", "faster", "--out", "out"]
    note = (
        f"{name}, embeddings that say little: in tiny-v1-full, 100 % of the clips have the same "
        "embedding as another clip and 100 % of an embedding's numbers are the same in every clip."
    )
    assert note in _msbench(*run).output
    assert note in _msbench(*run).output  # of the kept cell
    _msbench("report", "out", "--out", "again")
    assert note in (modules / "again" / "leaderboard.md").read_text()


def test_tasks_are_chosen_by_either_name(tasks_dir: Path, modules: Path) -> None:
    write_event_task(tasks_dir)
    write_scene_task(tasks_dir, "other")
    command = ["run", write_module(modules), "--no-floor", "--tasks-dir", tasks_dir, "--out", "out"]
    result = _msbench(*command, "--tasks", "tiny,tinyevents-v1-full", "--grid", "faster")
    assert result.exit_code == 0, result.output
    header = (modules / "out" / "leaderboard.csv").read_text().splitlines()[0]
    assert "tiny-v1-full:" in header
    assert "tinyevents-v1-full:" in header
    assert "other" not in header


def test_exit_status_1_where_a_cell_failed(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules, load="raise OSError('gone')")
    result = _msbench("run", name, "--no-floor", "--tasks-dir", tasks_dir)
    assert result.exit_code == 1
    assert f"{name}.load_model() raised OSError: gone" in result.output
    assert "Traceback" not in result.output
    result = _msbench("run", name, "--no-floor", "--tasks-dir", tasks_dir, "--debug")
    assert "Traceback" in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--tasks-dir", "nowhere"], "nowhere is not a folder of tasks"),
        (["--tasks", "nonsense"], "No task named 'nonsense'; there are tiny-v1-full"),
        (["--baselines", "cola,nonsense"], "No baseline named 'nonsense'; there are cola, "),
        (["--seeds", "0"], "0 is not in the range x>=1"),
        (["--seed", "-1"], "-1 is not in the range 0<=x<="),
        (["--seed", str(2**63)], "is not in the range 0<=x<="),
        (["--mode", "quick"], "'quick' is not one of 'exact', 'fast'"),
        (["--grid", "huge"], "'huge' is not one of 'default', 'fast', 'faster'"),
    ],
)
def test_exit_status_2_where_nothing_can_be_run(
    tasks_dir: Path, modules: Path, arguments: list[str], sentence: str
) -> None:
    result = _msbench("run", write_module(modules), "--tasks-dir", tasks_dir, *arguments)
    assert result.exit_code == 2
    assert sentence in result.output
    assert "Traceback" not in result.output


def test_interrupt_says_how_to_go_on(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules, scene="raise KeyboardInterrupt")
    result = _msbench("run", name, "--no-floor", "--tasks-dir", tasks_dir)
    assert result.exit_code == 130
    assert "run the same command again to resume" in result.output


def test_rows() -> None:
    floors = ["benchmark.baselines.logmel", "benchmark.baselines.random"]
    assert row_specs([], []) == ["msssl_hear", *floors]
    assert row_specs(["a", "a=b", "a"], ["cola", "random"], floor=True) == [
        "a",
        "a=b",
        "benchmark.baselines.cola",
        "benchmark.baselines.random",
        "benchmark.baselines.logmel",
    ]
    assert row_specs([], ["cola=x.pt"], floor=False) == [
        "msssl_hear",
        "benchmark.baselines.cola=x.pt",
    ]
    assert {"cola", "logmel", "random"} <= set(baseline_names())


def test_tasks_ls(tasks_dir: Path) -> None:
    (tasks_dir / "broken").mkdir()
    result = _msbench("tasks", "ls", "--tasks-dir", tasks_dir)
    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines()]
    assert ["tiny-v1-full", "scene", "2", "18"] in [line[:4] for line in lines]
    assert any(line[:4] == ["broken", "cannot", "be", "read:"] for line in lines)


def test_validate(modules: Path) -> None:
    good = _msbench("validate", "benchmark.baselines.logmel")
    assert good.exit_code == 0, good.output
    assert "Looks good!" in good.output
    bad = _msbench("validate", write_module(modules, scene="embeddings = embeddings.double()"))
    assert bad.exit_code == 1
    assert "torch.float64" in bad.output


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom benchmark.cli import main\n"
        "try: main(['run', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'numpy', 'sklearn', 'pandas', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "msbench run --baselines cola,panns --limit 100\n" in shown.stdout


def test_the_embedded_suite_is_the_default(
    tasks_dir: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(progress: Callable[[int, int], None]) -> list[Path]:
        progress(1, 2)
        progress(2, 2)
        return [tasks_dir / "tiny-v1-full"]

    monkeypatch.setattr("benchmark.tasks.embedded.suite.embedded_suite", made)
    result = _msbench("run", write_module(modules), "--no-floor", "--grid", "faster")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Making the embedded tasks, once ...\n")
    assert (
        "tiny-v1-full" in (modules / "results" / "runs" / "embedded" / "leaderboard.md").read_text()
    )
