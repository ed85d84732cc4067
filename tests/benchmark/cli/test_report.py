import importlib.util
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmark.cli import main
from benchmark.report.write import TABLES
from tests.benchmark.fake_modules import write_module
from tests.benchmark.report.results_folders import OTHER, OURS, PITCH, SCENES, hit, write_cell
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task


def _report(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


def test_it_writes_what_the_run_wrote(
    tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.argv", ["msbench", "run", "some"])
    write_event_task(tmp_path / "tasks")
    write_scene_task(tmp_path / "tasks")
    weak = write_module(
        modules, scene="embeddings = embeddings * 0", extra_init="self.row_label='a'"
    )
    broken = write_module(modules, load="raise OSError('gone')")
    asked = [write_module(modules), weak, broken, "--grid", "faster", "--tasks-dir"]
    ran = CliRunner().invoke(main, ["run", *asked, str(tmp_path / "tasks"), "--out", "out"])
    assert ran.exit_code == 1, ran.output
    written = {name: Path("out", name).read_bytes() for name in TABLES}
    again = _report("out", "--out", "again/out")
    assert again.exit_code == 0, again.output
    for name, content in written.items():
        assert Path("again/out", name).read_bytes() == content, name
    assert b"Made by `msbench run some`." in written["leaderboard.md"]
    assert b"rank 1" in written["leaderboard.md"]
    assert "1.000 (1–" in ran.output
    # Nothing is asked of tasks or modules.
    assert "1.000 (1–" in again.output


def test_several_folders_are_one_table(tmp_path: Path) -> None:
    a = write_cell(tmp_path / "a", OURS, SCENES, hit((9, 30))).parents[1]
    b = write_cell(tmp_path / "b", OTHER, PITCH, hit((9, 30))).parents[1]
    nowhere = _report(a, b)
    assert nowhere.exit_code == 2
    assert (
        nowhere.output
        == "Error: Several folders make one table: name a folder for it with --out.\n"
    )
    assert _report(a, b, "--out", tmp_path / "both").exit_code == 0
    markdown = (tmp_path / "both" / "leaderboard.md").read_text()
    assert markdown.startswith("# Audio embeddings on 2 tasks: 2 models, 1 January 2026\n")
    assert not (a / "leaderboard.md").exists()
    assert _report(a).exit_code == 0
    assert (a / "leaderboard.md").exists()


def test_a_conflict_is_one_line(tmp_path: Path) -> None:
    write_cell(tmp_path / "a", OURS, SCENES, hit((9, 30)))
    write_cell(tmp_path / "b", OURS, SCENES, hit((8, 30)))
    result = _report(tmp_path / "a", tmp_path / "b", "--out", tmp_path / "both")
    assert result.exit_code == 2
    assert result.output.startswith("Error: ")
    assert len(result.output.splitlines()) == 1
    assert not list((tmp_path / "both").iterdir())


def test_pictures_are_drawn_if_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    folder = write_cell(tmp_path / "a", OURS, SCENES, hit((9, 30))).parents[1]
    assert _report(folder).exit_code == 0
    assert not (folder / "plots").exists()
    result = _report(folder, "--plots")
    assert result.exit_code == 0, result.output
    pictures = sorted(path.suffix for path in (folder / "plots").iterdir())
    assert f"{len(pictures)} pictures" in result.output
    assert set(pictures) == {".png", ".svg"}
    page = (folder / "leaderboard.html").read_text(encoding="utf-8")
    assert '<a href="plots/scores.png">plots/scores.png</a>' in page
    assert page.count('href="plots/') == len(pictures)


def test_pictures_without_matplotlib_are_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cell(tmp_path / "run", OURS, SCENES, hit((9, 30)))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = _report(tmp_path / "run", "--plots")
    assert result.exit_code != 0
    assert "pip install 'msssl-hear[plots]'." in result.output
    assert not (tmp_path / "run" / "leaderboard.md").exists()
