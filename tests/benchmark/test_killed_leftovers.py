"""What a run leaves that is killed after its result is in place: the next one removes it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.cli import main
from benchmark.heads.saved_heads import SavedHeads
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_scene_task


@pytest.fixture
def cache(tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_scene_task(tmp_path / "tasks", clips=8)
    write_module(modules, name="noise", scene="embeddings = torch.sin(1e6 * audio[:, :4])")
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _call(*words: str | Path) -> None:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output


def test_heads_go_with_a_kept_cell_or_score_file(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ("--tasks-dir", tmp_path / "tasks")
    run = ("run", "noise", "--no-floor", *place, "--out", tmp_path / "out", "--grid", "faster")
    embeddings = tmp_path / "embeddings"
    score = ("score", embeddings / "noise" / "tiny-v1-full", "--grid", "faster")
    _call("export", "noise", *place, "--out", embeddings)
    for command in (run, score):
        with monkeypatch.context() as patch:
            patch.setattr(SavedHeads, "remove", lambda self: None)  # killed before it
            _call(*command)
        assert list((cache / "heads").iterdir())
        _call(*command)
        assert not list((cache / "heads").iterdir())


def test_parts_go_with_what_they_were_for(cache: Path, tmp_path: Path) -> None:
    place = ("--tasks-dir", tmp_path / "tasks")
    run = ("run", "noise", "--no-floor", *place, "--out", tmp_path / "out", "--grid", "faster")
    _call(*run)
    (entry,) = (cache / "embeddings").iterdir()
    (entry / ".test.part").mkdir()
    (entry / ".test.part" / "journal.json").write_text(json.dumps({}))
    (tmp_path / "out" / "cells" / ".cell.json.0123456789ab.part").write_text("{")
    for cell in (tmp_path / "out" / "cells").glob("*.json"):
        cell.unlink()  # so that the embeddings are looked at
    exported = tmp_path / "embeddings" / "noise"
    (exported / ".tiny-v1-full-dead.part").mkdir(parents=True)
    _call(*run)
    _call("export", "noise", *place, "--out", tmp_path / "embeddings")
    left = [p for folder in (entry, tmp_path / "out", exported) for p in folder.rglob("*.part")]
    assert left == []
