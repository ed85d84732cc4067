"""How a task folder comes into being: whole, resumed, or not at all."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from benchmark.events.table import Event
from benchmark.tasks.find import find_tasks
from benchmark.tasks.labels import read_scene_labels
from benchmark.tasks.make import build
from benchmark.tasks.make import convert as pool
from benchmark.tasks.make.build import build_task, label_entry
from benchmark.tasks.make.convert import FEW
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.task import Task, read_task
from msssl_common.locks import FileLock
from tests.benchmark.tasks.make.conftest import Make
from tests.benchmark.tasks.make.raw_layouts import noise

SPLITS = ("train", "valid", "test")


def write_raw(root: Path, clips: int, seconds: float = 0.1, rate: int = 16000) -> None:
    """Folders of splits and classes; the same noise in every file, to be quick."""
    first = root / "train" / "a" / "0.wav"
    noise(first, seconds, rate)
    for split in SPLITS:
        for index in range(clips):
            path = root / split / "ab"[index % 2] / f"{split}{index}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(first, path)
    first.unlink()


def test_the_odd_unreadable_file_is_left_out_and_named(
    tmp_path: Path, made: Path, make: Make
) -> None:
    write_raw(tmp_path / "raw", 50)
    (tmp_path / "raw" / "train" / "a" / "train0.wav").write_bytes(b"no audio")
    result = make("folders", "x", "--source", tmp_path / "raw")
    assert result.exit_code == 0, result.output
    assert "train0.wav cannot be read as audio" in result.output.replace("\n", "")
    task = read_task(made / "x-v1-full")
    assert len(read_scene_labels(task, "train")) == 49
    assert not list(task.folder.rglob("train0.wav"))


def test_many_unreadable_files_are_named_in_one_go(tmp_path: Path, made: Path, make: Make) -> None:
    write_raw(tmp_path / "raw", 50)
    for index in range(0, 50, 2):
        (tmp_path / "raw" / "train" / "a" / f"train{index}.wav").write_bytes(b"")
    result = make("folders", "x", "--source", tmp_path / "raw")
    assert result.exit_code == 2
    assert (
        "25 of 150 source files are missing or cannot be read (0 missing, 25 unreadable), too many"
        in result.output
    )
    assert result.output.count("is an empty file") == 8
    assert "and 17 more" in result.output
    assert not [path for path in made.iterdir() if not path.name.startswith(".")]


def test_mended_sources_are_read_again(tmp_path: Path, made: Path, make: Make) -> None:
    write_raw(tmp_path / "raw", 4)
    broken = [tmp_path / "raw" / "train" / "a" / f"train{index}.wav" for index in (0, 2)]
    whole = broken[0].read_bytes()
    for path in broken:
        path.write_bytes(b"")
    assert make("folders", "x", "--source", tmp_path / "raw").exit_code == 2
    for path in broken:
        path.write_bytes(whole)
    assert make("folders", "x", "--source", tmp_path / "raw").exit_code == 0
    assert len(list((made / "x-v1-full").rglob("*.wav"))) == 12


def test_what_there_is_to_say_of_clips_outlives_a_call_that_failed(
    tmp_path: Path, made: Path, make: Make
) -> None:
    write_raw(tmp_path / "raw", 4)
    folder = tmp_path / "raw" / "train" / "a"
    soundfile.write(folder / "quiet.wav", np.full(8000, 1e-6), 8000, subtype="FLOAT")
    broken = [folder / f"train{index}.wav" for index in (0, 2)]
    whole = broken[0].read_bytes()
    for path in broken:
        path.write_bytes(b"")
    arguments = ("folders", "x", "--source", tmp_path / "raw")
    assert make(*arguments).exit_code == 2
    assert (made / ".x-v1-full.part" / "16000" / "train" / "quiet.wav").is_file()
    for path in broken:
        path.write_bytes(whole)
    result = make(*arguments)
    assert result.exit_code == 0
    assert "Not all is kept: " in result.output and "quiet.wav is too quiet" in result.output
    assert "Some sources have 8000 Hz only" in result.output
    assert not [path for path in (made / "x-v1-full").iterdir() if path.name.startswith(".")]


def test_a_finished_task_is_never_touched(tmp_path: Path, made: Path, make: Make) -> None:
    write_raw(tmp_path / "raw", 2)
    arguments = ("folders", "x", "--source", tmp_path / "raw")
    assert make(*arguments).exit_code == 0
    assert sorted(path.name for path in made.iterdir()) == ["x-v1-full"]
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    result = make(*arguments)
    assert result.exit_code == 2
    assert "is there already" in result.output
    assert before == {path: path.stat().st_mtime_ns for path in made.rglob("*")}


def test_two_processes_do_not_make_one_task(tmp_path: Path, made: Path, make: Make) -> None:
    write_raw(tmp_path / "raw", 2)
    made.mkdir()
    lock = FileLock.take(made / ".x-v1-full.lock")
    assert lock is not None
    result = make("folders", "x", "--source", tmp_path / "raw")
    assert result.exit_code == 2
    assert "Another process is making this task" in result.output
    lock.release()
    assert make("folders", "x", "--source", tmp_path / "raw").exit_code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_make_goes_on(tmp_path: Path, made: Path, make: Make) -> None:
    write_raw(tmp_path / "raw", 120, seconds=2.0, rate=44100)
    arguments = ["folders", "x", "--source", str(tmp_path / "raw")]
    program = [sys.executable, "-c", "from benchmark.cli import main; main()", "tasks", "make"]
    child = subprocess.Popen([*program, *arguments, "--to", str(made)], start_new_session=True)
    part = made / ".x-v1-full.part"
    while len(list(part.glob("16000/train/[!.]*.wav"))) < 40 and child.poll() is None:
        time.sleep(0.02)
    child.kill()
    child.wait()
    assert child.returncode == -signal.SIGKILL
    _wait_for_the_end_of(child.pid)  # workers end with their parent
    assert list(find_or_none(made)) == []
    kept = {path.name: path.stat().st_mtime_ns for path in part.glob("16000/*/[!.]*.wav")}
    assert 40 <= len(kept) < 360
    for path in kept:
        assert soundfile.info(next(part.rglob(path))).frames == 32000  # every file is whole
    (part / "16000" / "train" / ".123.part").write_bytes(b"half a clip")

    result = make(*arguments)
    assert result.exit_code == 0, result.output
    (task,) = find_or_none(made)
    assert isinstance(task, Task)
    files = {path.name: path for path in task.folder.rglob("*.wav")}
    assert len(files) == 360
    assert all(files[name].stat().st_mtime_ns == changed for name, changed in kept.items())
    assert sorted(path.name for path in task.folder.iterdir()) == [
        "16000",
        "labelvocabulary.csv",
        "task_metadata.json",
        "test.json",
        "train.json",
        "valid.json",
    ]
    assert not list(task.folder.rglob(".*"))


def find_or_none(made: Path) -> list[object]:
    try:
        return list(find_tasks(made))
    except FileNotFoundError:
        return []


def _wait_for_the_end_of(session: int) -> None:
    for _ in range(200):
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(session, signal.SIGKILL)
    pytest.fail("workers outlived their killed parent")


def test_another_plan_starts_anew(tmp_path: Path) -> None:
    raw, made = tmp_path / "raw", tmp_path / "made"
    write_raw(raw, 2)
    soundfile.write(raw / "long.wav", np.full(16000, 0.25), 16000, subtype="PCM_16")
    clips = tuple(
        RawClip(source=raw / "long.wav", stem=f"{split}", split=split, labels=("a",))
        for split in SPLITS
    )

    def plan(seconds: float) -> TaskPlan:
        metadata = {
            **{"task_name": "x", "version": "v1", "mode": "full", "embedding_type": "scene"},
            **{"prediction_type": "multiclass", "split_mode": "trainvaltest"},
            **{"splits": list(SPLITS), "sample_duration": seconds, "evaluation": ["top1_acc"]},
        }
        return TaskPlan(metadata=metadata, clips=clips)

    class StoppedError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        build_task(plan(0.5), made, (16000,), stop)
    assert len(list(made.glob(".x-v1-full.part/16000/*/*.wav"))) == 2
    built = build_task(plan(0.25), made, (16000,), lambda done, total: None)
    assert [soundfile.info(path).frames for path in built.folder.rglob("*.wav")] == [4000] * 3


def test_all_cores_and_one_process_write_the_same(tmp_path: Path, made: Path, make: Make) -> None:
    write_raw(tmp_path / "raw", FEW // 2, rate=22050)
    assert make("folders", "x", "--source", tmp_path / "raw").exit_code == 0
    files = sorted((made / "x-v1-full").rglob("*.wav"))
    assert len(files) == 3 * (FEW // 2) > FEW
    assert len({path.read_bytes() for path in files}) == 1


def test_names_that_would_clash(tmp_path: Path, make: Make) -> None:
    for label in "ab":
        noise(tmp_path / label / "1.wav", 0.1, 16000)
    shutil.copy(tmp_path / "a" / "1.wav", tmp_path / "a" / "1.aif")
    result = make("folders", "x", "--source", tmp_path)
    assert result.exit_code == 2
    assert "2 files would become the clip a_1.wav" in result.output


def test_events_are_written_by_time() -> None:
    events = (Event("b", 20.0, 30.0), Event("a", 10.0, 40.0), Event("a", 10.0, 15.0))
    clip = RawClip(source=Path("x.wav"), stem="x", events=events)
    plan = TaskPlan(metadata={"embedding_type": "event"}, clips=(clip,))
    assert json.loads(json.dumps(label_entry(clip, plan))) == [
        {"label": "a", "start": 10.0, "end": 15.0},
        {"label": "a", "start": 10.0, "end": 40.0},
        {"label": "b", "start": 20.0, "end": 30.0},
    ]


def test_a_source_that_was_taken_away_ends_it_and_can_be_put_back(
    tmp_path: Path, made: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unlike a damaged one, which is left out."""
    write_raw(tmp_path / "raw", 4)
    taken, away = tmp_path / "raw" / "test" / "b" / "test3.wav", tmp_path / "away.wav"
    convert = build.convert

    def taking(*arguments: Any) -> Any:
        taken.rename(away)
        return convert(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(build, "convert", taking)
        result = make("folders", "x", "--source", tmp_path / "raw")
    assert result.exit_code == 2
    assert "test3.wav is gone, and clips are made from it" in result.output.replace("\n", "")
    assert not (made / "x-v1-full").exists()
    away.rename(taken)
    assert make("folders", "x", "--source", tmp_path / "raw").exit_code == 0
    assert (made / "x-v1-full" / "16000" / "test" / "test3.wav").is_file()


def test_what_a_kill_left_is_not_in_the_task_and_not_beside_it(
    tmp_path: Path, made: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed among the texts; and after the task had its name, before its helpers were removed."""
    write_raw(tmp_path / "raw", 4)

    def dying(plan: TaskPlan, clips: Any, notice: Any, folder: Path) -> None:
        (folder / ".train.json.123456789abc.part").write_text("{")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(build, "write_texts", dying)
        assert make("folders", "x", "--source", tmp_path / "raw").exit_code == 130
    assert make("folders", "x", "--source", tmp_path / "raw").exit_code == 0
    assert not list((made / "x-v1-full").glob(".*"))

    (made / ".x-v1-full.source" / "raw.zip").mkdir(parents=True)
    (made / ".x-v1-full.lock").write_text("")
    again = make("folders", "x", "--source", tmp_path / "raw")
    assert again.exit_code == 2 and "is there already" in again.output
    assert [path.name for path in made.iterdir()] == ["x-v1-full"]


def test_a_pool_that_breaks_while_it_is_given_work_is_one_sentence(
    tmp_path: Path, made: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_raw(tmp_path / "raw", FEW)

    class Broken(ThreadPoolExecutor):
        def __init__(self, *_: Any) -> None:
            super().__init__(1)

        def submit(self, *_: Any, **__: Any) -> Any:
            raise BrokenProcessPool("a child was killed")

    monkeypatch.setattr(pool, "SpawnedPool", Broken)
    monkeypatch.setattr(pool, "usable_cores", lambda: 2)
    result = make("folders", "x", "--source", tmp_path / "raw")
    assert result.exit_code == 2 and "run the same command again to resume" in result.output
