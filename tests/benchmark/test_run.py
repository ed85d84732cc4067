from pathlib import Path

import pytest
from rich.console import Console

from benchmark import run as run_module
from benchmark.leaderboard import Leaderboard
from benchmark.protocol import Protocol
from benchmark.results import load_cell
from benchmark.run import Run, run
from benchmark.tasks.find import find_tasks
from benchmark.terminal import RunProgress
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task

# Counts calls across loads, in a file beside the module.
COUNT = "from pathlib import Path\nwith Path('calls').open('a') as calls: calls.write('x')"


@pytest.fixture
def tasks_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    write_scene_task(tmp_path / "tasks")
    return tmp_path / "tasks"


def _run(tasks_dir: Path, *specs: str, grid: str = "faster") -> Leaderboard:
    out = tasks_dir.parent / "out"
    plan = Run(specs, find_tasks(tasks_dir), out, Protocol(grid, 42), command="msbench run x")
    console = Console(width=160)
    with RunProgress(console, 1) as progress:
        return run(plan, progress)


def _calls(modules: Path) -> int:
    path = modules / "calls"
    return len(path.read_text()) if path.exists() else 0


def test_whole_run(tasks_dir: Path, modules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_event_task(tasks_dir)
    name = write_module(modules, extra_init="self.row_label = 'mine'")
    board = _run(tasks_dir, name)
    assert {cell.reason for cell in board.cells.values()} == {None}
    tiny = board.cells["mine", "tiny-v1-full"]
    assert tiny.primary == 1.0  # loud and quiet noise: the embedding is the energy
    assert set(tiny.folds[0].scores) == {"top1_acc", "mAP", "test_loss"}
    assert tiny.cost is not None
    assert (tiny.cost.clips, tiny.cost.embedding_size) == (18, 4)
    assert "torch" in tiny.versions
    events = board.cells["mine", "tinyevents-v1-full"]
    assert "event_onset_200ms_fms_precision" in events.folds[0].scores
    assert set(events.postprocessing) == {"median_filter_ms", "min_duration"}
    out = tasks_dir.parent / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "cells",
        "leaderboard.csv",
        "leaderboard.md",
        "scores.csv",
    ]
    assert "Made by `msbench run x`." in (out / "leaderboard.md").read_text()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("mine")
    assert "top1_acc 1.000" in lines[0]


def test_a_second_run_computes_nothing(
    tasks_dir: Path,
    modules: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = write_module(modules, scene=COUNT)
    first = _run(tasks_dir, name)
    calls = _calls(modules)
    monkeypatch.delattr(run_module, "evaluate_task")
    second = _run(tasks_dir, name)
    assert second == first
    assert _calls(modules) == calls
    assert "finished earlier" in capsys.readouterr().out


def test_another_grid_uses_the_cached_embeddings(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules, scene=COUNT)
    _run(tasks_dir, name)
    calls = _calls(modules)
    board = _run(tasks_dir, name, grid="fast")
    (cell,) = board.cells.values()
    assert _calls(modules) == calls
    assert cell.cost is not None
    assert cell.cost.embedding_cached
    assert len(list((tasks_dir.parent / "out" / "cells").iterdir())) == 2


@pytest.mark.parametrize("changed", ["weights", "labels", "audio"])
def test_what_changed_is_made_again(tasks_dir: Path, modules: Path, changed: str) -> None:
    name = write_module(
        modules, scene=COUNT, extra_init="if path: self.load_state_dict(torch.load(path))"
    )
    code = "import torch; torch.save({'weight': torch.ones(4)}, 'one.pt')"
    exec(code)
    _run(tasks_dir, f"{name}=one.pt")
    calls = _calls(modules)
    task = tasks_dir / "tiny-v1-full"
    if changed == "weights":
        exec(code.replace("ones", "zeros"))
    elif changed == "labels":
        labels = (task / "test.json").read_text()
        (task / "test.json").write_text(labels.replace('"quiet"', '"loud"', 1))
    else:
        clip = task / "16000" / "test" / "test1.wav"
        clip.write_bytes(clip.read_bytes()[:-2] + b"\0\1")
    (cell,) = _run(tasks_dir, f"{name}=one.pt").cells.values()
    assert _calls(modules) == 2 * calls
    assert cell.reason is None


def test_a_killed_run_resumes(tasks_dir: Path, modules: Path) -> None:
    write_scene_task(tasks_dir, "zzz")
    name = write_module(
        modules,
        scene=COUNT + "\nif Path('kill').exists() and 'xxxx' in Path('calls').read_text():"
        " raise KeyboardInterrupt",
    )
    (modules / "kill").touch()
    with pytest.raises(KeyboardInterrupt):
        _run(tasks_dir, name)
    cells = tasks_dir.parent / "out" / "cells"
    assert [path.name.split("__")[1] for path in cells.iterdir()] == ["tiny-v1-full"]
    (modules / "kill").unlink()
    board = _run(tasks_dir, name)
    assert all(cell.reason is None for cell in board.cells.values())
    assert _calls(modules) == 3 + 1 + 3  # the killed task's first split was not finished


def test_failures_leave_cells_with_reasons_and_are_tried_again(
    tasks_dir: Path, modules: Path
) -> None:
    write_event_task(tasks_dir)
    (tasks_dir / "broken-v1-full").mkdir()
    good = write_module(modules)
    seconds = write_module(modules, timestamp="timestamps = timestamps / 1000")
    nan = write_module(modules, scene="embeddings = embeddings * torch.nan")
    raises = write_module(modules, load="raise RuntimeError('no weights')")
    board = _run(tasks_dir, good, seconds, nan, raises, "not.there")

    def reason(module: str, task: str) -> str | None:
        return board.cells[module, task].reason

    assert reason(good, "tiny-v1-full") is None
    assert reason(good, "tinyevents-v1-full") is None
    assert "task_metadata.json" in str(reason(good, "broken-v1-full"))
    assert reason(seconds, "tiny-v1-full") is None
    assert "look like seconds" in str(reason(seconds, "tinyevents-v1-full"))
    assert "NaN or infinite embeddings for train" in str(reason(nan, "tiny-v1-full"))
    assert reason(nan, "tinyevents-v1-full") is None
    assert "RuntimeError: no weights" in str(reason(raises, "tinyevents-v1-full"))
    assert "No module named 'not.there'" in str(reason("not.there", "tiny-v1-full"))

    saved = [load_cell(path) for path in (tasks_dir.parent / "out" / "cells").iterdir()]
    assert len(saved) == 15
    markdown = (tasks_dir.parent / "out" / "leaderboard.md").read_text()
    assert markdown.count("failed (") == 11
    path = modules / f"{nan}.py"
    path.write_text(path.read_text().replace("torch.nan", "1"))
    del __import__("sys").modules[nan]
    board = _run(tasks_dir, nan)
    assert reason(nan, "tiny-v1-full") is None


def test_an_unforeseen_exception_is_named(
    tasks_dir: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise AttributeError("no\nsuch thing")

    monkeypatch.setattr(run_module, "evaluate_task", fail)
    (cell,) = _run(tasks_dir, write_module(modules)).cells.values()
    assert cell.reason == "AttributeError: no such thing"


def test_rows_with_the_same_label_stay_apart(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules, extra_init="self.row_label = 'mine'")
    board = _run(tasks_dir, name, f"{name}=other")
    assert [module.label for module in board.modules] == ["mine", f"mine ({name}=other)"]
