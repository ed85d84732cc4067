import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.tasks.audio import read_clip
from benchmark.tasks.embedded import event, pitch, scene, suite
from benchmark.tasks.embedded.recipe import NOTICE, SPLITS
from benchmark.tasks.labels import read_events, read_scene_labels
from benchmark.tasks.task import read_task
from benchmark.tasks.task_hash import task_hash
from msssl_common.files import new_folder

SMALL = tuple(
    replace(recipe, clips=dict.fromkeys(SPLITS, 2), sha256=None)
    for recipe in (scene.RECIPE, event.RECIPE, pitch.RECIPE)
)

# Of the three tasks with two clips a split: measured alike on every platform in
# docs/embedded_suite.md. New ones only with a new version of the suite.
SMALL_HASHES = {
    "embedded_scene": "e58b38c488d45db014a5d60ae1557e4261035ef7fc641141440ec41abe5339b3",
    "embedded_event": "d0be218d9898cec0eb3fe8c9e54b29108532f628df244b38e91e8f64f7cb0df1",
    "embedded_pitch": "285fe85aaa0e68b5718ef8d7f054cedd79afb2d0bef71fc5453db1a413c71bdf",
}


@pytest.fixture(autouse=True)
def small_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "RECIPES", SMALL)


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_made_once_then_found_and_made_again_with_the_same_bytes(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    folders = suite.embedded_suite(tmp_path / "a", lambda done, total: calls.append((done, total)))
    assert [folder.name for folder in folders] == [recipe.folder for recipe in SMALL]
    assert calls[0] == (0, 18)
    assert calls[-1] == (18, 18)
    calls.clear()
    before = {path: path.stat().st_mtime_ns for path in folders[0].rglob("*")}
    assert suite.embedded_suite(tmp_path / "a", lambda *call: calls.append(call)) == folders
    assert calls == []
    assert before == {path: path.stat().st_mtime_ns for path in folders[0].rglob("*")}
    suite.embedded_suite(tmp_path / "b")
    first, second = hashes(tmp_path / "a"), hashes(tmp_path / "b")
    assert first == second
    assert len(first) == 3 * (2 + 3 + 6)

    for folder in folders:
        check_readable(folder)
    tasks = [read_task(folder) for folder in folders]
    assert {task.name: task_hash(task, 16000) for task in tasks} == SMALL_HASHES


def check_readable(folder: Path) -> None:
    """The reader for HEAR's format takes the folder, every clip and every label."""
    task = read_task(folder)
    assert task.notice == NOTICE
    assert "ynthetic" in NOTICE
    for split in SPLITS:
        read = read_events if task.embedding_type == "event" else read_scene_labels
        for file in read(task, split):
            audio = read_clip(task, split, file, 16000)
            assert 0.03 < np.abs(audio).max() < 0.95
    families = {"embedded_scene": "scene", "embedded_event": "event", "embedded_pitch": "pitch"}
    assert task.family == families[task.name]


def test_a_new_generator_makes_a_new_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = suite.generator_version()
    assert len(version) == 16
    assert version == suite.generator_version()
    monkeypatch.setattr(suite, "generator_version", lambda: "another")
    home = tmp_path / "embedded" / "another"
    for recipe in SMALL:
        (home / recipe.folder).mkdir(parents=True)
    assert suite.embedded_suite(tmp_path) == [home / recipe.folder for recipe in SMALL]


def test_an_interrupted_making_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite, "RECIPES", SMALL[:1])

    def interrupt(done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        suite.embedded_suite(tmp_path, interrupt)
    (home,) = (tmp_path / "embedded").iterdir()
    assert list(home.iterdir()) == []


def test_of_two_makers_of_one_task_the_first_wins(tmp_path: Path) -> None:
    folder = tmp_path / "task"
    with new_folder(folder) as slow:
        (slow / "file").write_text("slow")
        with new_folder(folder) as fast:
            (fast / "file").write_text("fast")
        assert (folder / "file").read_text() == "fast"
    assert (folder / "file").read_text() == "fast"
    assert list(tmp_path.iterdir()) == [folder]


def test_the_cache_is_the_benchmarks_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(suite, "RECIPES", SMALL[:1])
    home = tmp_path / "embedded" / suite.generator_version()
    (home / SMALL[0].folder).mkdir(parents=True)
    assert suite.embedded_suite() == [home / SMALL[0].folder]


def test_bytes_that_differ_are_kept_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(SMALL[2], sha256="0" * 64)
    monkeypatch.setattr(suite, "RECIPES", (recipe,))
    with pytest.warns(UserWarning, match=r"has SHA-256 [0-9a-f]{64}, where 0{64} is expected"):
        (folder,) = suite.embedded_suite(tmp_path)
    assert read_task(folder).name == "embedded_pitch"
