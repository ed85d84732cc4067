"""``msbench run --probe`` and ``--shots``."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from benchmark.cli import main
from benchmark.protocol import Protocol
from benchmark.report.published import published_for
from benchmark.report.standings import read_leaderboard
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task


@pytest.fixture
def tasks_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    write_scene_task(tmp_path / "tasks", clips=8)
    write_event_task(tmp_path / "tasks")
    return tmp_path / "tasks"


def _run(tasks_dir: Path, *arguments: object) -> Result:
    words = ["run", "--no-floor", "--tasks-dir", tasks_dir, "--grid", "faster", *arguments]
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_probe_is_said_in_every_table_and_stands_in_none_with_hears_heads(
    tasks_dir: Path, modules: Path
) -> None:
    name = write_module(modules)
    result = _run(tasks_dir, name, "--probe", "linear")
    assert result.exit_code == 0, result.output
    assert "probe linear, published rules" in result.output
    out = modules / "results" / "runs" / "tasks-linear"
    assert "probe `linear` (logistic regression" in (out / "leaderboard.md").read_text("utf-8")
    assert "linear probe" in (out / "leaderboard_short.md").read_text("utf-8")
    assert "probe <code>linear</code>" in (out / "leaderboard.html").read_text("utf-8")
    table = pd.read_csv(out / "leaderboard_long.csv")
    assert set(table.probe) == {"linear"}
    assert set(table.grid) == {"default"}  # --grid faster changes nothing, so it is not said
    assert table.set_index("task").value["tiny-v1-full"] == 1.0
    heads = _run(tasks_dir, name, "--tasks", "tiny", "--out", "heads")
    assert heads.exit_code == 0, heads.output
    with pytest.raises(ValueError, match=r"different protocols .*probe"):
        read_leaderboard([out, Path("heads")])


def test_tasks_that_a_probe_is_not_for(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules)
    result = _run(tasks_dir, name, "--probe", "knn")
    assert result.exit_code == 0, result.output
    assert (
        "Left out: Probe knn is for scene and pitch tasks, and tinyevents-v1-full" in result.output
    )
    named = _run(tasks_dir, name, "--probe", "knn", "--tasks", "tiny,tinyevents")
    assert named.exit_code == 2
    assert "Probe knn is for scene and pitch tasks" in named.output
    seeds = _run(tasks_dir, name, "--probe", "knn", "--seeds", 2)
    assert seeds.exit_code == 2
    assert "draws nothing at random: one seed will do" in seeds.output


def test_a_few_shot_curve(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules)
    result = _run(
        tasks_dir, name, "--probe", "linear", "--shots", "3,1", "--seeds", 2, "--out", "out"
    )
    assert result.exit_code == 0, result.output
    assert "Means over 2 draws" in result.output
    assert "1 per class, seed 42" in result.output and "3 per class, seed 43" in result.output
    curve = pd.read_csv(Path("out") / "few_shot.csv")
    assert list(curve.shots) == [1, 3]
    assert set(curve.draws) == {2}
    assert (curve.value == 1.0).all()
    assert (curve.low <= curve.value).all()
    assert (Path("out") / "few_shot.png").read_bytes().startswith(b"\x89PNG")
    board = Path("out") / "shots-3" / "leaderboard.md"
    assert "Few-shot: 3 clips of each class to train on" in board.read_text("utf-8")
    page = board.with_suffix(".html")
    assert '<h2 id="few-shot">Few-shot curves</h2>' in page.read_text("utf-8")
    names = ["few_shot.csv", "few_shot.md", "few_shot.png", "shots-1/leaderboard.html"]
    names.append("shots-3/leaderboard.html")
    written = {name: Path("out", name).read_bytes() for name in names}
    drawn = CliRunner().invoke(main, ["report", "out", "--out", "drawn/out"])
    assert drawn.exit_code == 0, drawn.output
    assert "Means over 2 draws" in drawn.output
    for name_, content in written.items():
        assert Path("drawn/out", name_).read_bytes() == content, name_
    mixed = CliRunner().invoke(main, ["report", "out", "out/shots-1", "--out", "both"])
    assert mixed.exit_code == 2
    assert "out/shots-1 holds no few-shot results" in mixed.output
    again = _run(
        tasks_dir, name, "--probe", "linear", "--shots", "1,3", "--seeds", 2, "--out", "out"
    )
    assert again.output.count("finished earlier") == 4
    wrong = _run(tasks_dir, name, "--shots", "1,x")
    assert wrong.exit_code == 2
    assert "'x' is no number of clips" in wrong.output


def test_published_scores_join_hears_own_protocol_alone() -> None:
    place = ("esc50-v2.0.0-full", "top1_acc")
    assert published_for(*place, Protocol("default"))
    for other in ({"limit": 200}, {"probe": "linear"}, {"shots": 4}):
        assert not published_for(*place, Protocol("default", **other))
