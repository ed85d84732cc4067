"""Hostile modules, tasks, archives, sources and recipes through every command."""

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.cli import main as msbench
from pretrain.cli import main as mspretrain
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_scene_task
from tests.hostile import (
    HOSTILE,
    assert_csv_is_safe,
    assert_html_is_ours,
    assert_json_is_whole,
    assert_markdown_is_dead,
    assert_printed_well,
)

ALL = " ".join(HOSTILE.values())
MILLIONS = "L" * 5_000_000
NAME = os.fsdecode(b"a\x1b[31m\xff =x|y")  # a folder's name


def said(*arguments: object, command: object = msbench) -> str:
    """What a command prints, whatever its exit status; it must not end by a traceback."""
    done = CliRunner().invoke(command, list(map(str, arguments)))  # type: ignore[arg-type]
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    assert_printed_well(done.output)
    return done.stdout


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """A task that can be run and says hostile things, under a hostile name; and a broken one."""
    folder = write_scene_task(tmp_path / "tasks", notice=ALL + MILLIONS)
    hostile = folder.rename(folder.with_name(NAME))
    labels = json.loads((hostile / "test.json").read_text())
    (hostile / "test.json").write_text(json.dumps(labels))
    broken = tmp_path / "tasks" / (NAME + "-broken")
    shutil.copytree(hostile, broken)
    facts = json.loads((broken / "task_metadata.json").read_text())
    (broken / "task_metadata.json").write_text(json.dumps({**facts, "evaluation": [ALL]}))
    return tmp_path / "tasks"


def test_run_report_and_compare(
    tasks: Path, modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    # What was typed names a folder of others: msbench report */
    monkeypatch.setattr("sys.argv", ["msbench", "run", ALL])
    text = ALL + MILLIONS
    (modules / "words.txt").write_bytes(text.encode("utf-8", "surrogatepass"))
    words = f"(open({str(modules / 'words.txt')!r}, errors='surrogatepass').read())"
    speaks = write_module(
        modules, extra_init=f"self.row_label = {words}\nself.row_note = {words} + '2'"
    )
    raises = [
        write_module(modules, load=f"raise ValueError({words})"),
        write_module(modules, scene=f"raise RuntimeError({words})"),
    ]
    asked = ["--grid", "faster", "--no-floor", "--in-process", "--tasks-dir", tasks]
    out = tmp_path / "out"
    said("run", speaks, *raises, *asked, "--out", out)
    assert "(5,00" in (out / "leaderboard.md").read_text()
    written = {path.name: path.read_text() for path in out.iterdir() if path.is_file()}
    for check, suffix in (
        (assert_markdown_is_dead, ".md"),
        (assert_html_is_ours, ".html"),
        (assert_csv_is_safe, ".csv"),
    ):
        for name, content in written.items():
            if name.endswith(suffix):
                assert_printed_well(content)
                check(content)
    for cell in (out / "cells").glob("*.json"):
        assert_json_is_whole(cell.read_text())
    said("report", out, "--out", tmp_path / "again")
    said("compare", out, out)
    said("cache", "ls")


def test_check_list_and_export(tasks: Path, tmp_path: Path) -> None:
    for folder in tasks.iterdir():
        said("tasks", "check", folder)
        assert_json_is_whole(said("tasks", "check", "--json", folder))
    said("tasks", "ls", tasks)
    said("score", *tasks.iterdir())


def test_get_and_make(tmp_path: Path) -> None:
    archives = tmp_path / NAME
    archives.mkdir()
    (archives / "hear2021-esc50-v2.0.0-full-48000.tar.gz").write_bytes(b"no archive")
    said("tasks", "get", "esc50", NAME, "--from", archives, "--to", tmp_path / "got")
    said("tasks", "get", "esc50", "--from", archives, "--to", tmp_path / "got")
    raw = tmp_path / "raw" / NAME
    for label in ("\x1b[31m", "=1+1", "![x](y)", NAME):
        (raw / label).mkdir(parents=True)
        (raw / label / "0.wav").write_bytes(b"no audio")
    made = ("--to", tmp_path / "made")
    said("tasks", "make", "folders", "birds", "--source", raw, *made)
    said("tasks", "make", "folders", NAME, "--source", raw / NAME, *made)
    table = tmp_path / "table.csv"
    table.write_text(f"file,label\n{NAME!a},=1\n", "utf-8", "surrogateescape")
    said("tasks", "make", "csv", "birds", "--source", raw, "--csv", table, *made)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_recipes(text: str, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(json.dumps({"base": "cola", "run": {"seed": text}}))
    said("run", "--recipe", recipe, "--data", tmp_path, "--out", tmp_path, command=mspretrain)
    recipe.write_text(json.dumps({text + MILLIONS[:100_000]: 1}))
    said("run", "--recipe", recipe, "--data", tmp_path, "--out", tmp_path, command=mspretrain)
