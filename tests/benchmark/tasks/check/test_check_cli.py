import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from benchmark.cli.tasks import check
from benchmark.tasks.check.check_task import check_task
from benchmark.tasks.check.report import print_check
from tests.benchmark.tasks.check.faulty_tasks import (
    CLIPS,
    SCENE_FAULTS,
    clean_event_task,
    clean_scene_task,
    clip,
)


@pytest.fixture
def tasks_dir(tmp_path: Path) -> Path:
    """A clean task, and one that misses twelve clips and has a silent one."""
    clean_event_task(tmp_path / "tasks" / "clean")
    folder = clean_scene_task(tmp_path / "tasks" / "wrong")
    SCENE_FAULTS["silent"](folder)
    for split, clips in (("valid", CLIPS), ("test", 4)):
        for index in range(clips):
            clip(folder, split, index).unlink()
    return tmp_path / "tasks"


def test_plain_lines(tasks_dir: Path) -> None:
    done = CliRunner().invoke(check, [str(tasks_dir)])
    assert done.exit_code == 1
    lines = [line for line in done.stdout.splitlines() if line.startswith("wrong:")]
    counts = "12 errors, 1 warning, 0 notes; 24 clips"
    assert lines[0] == f"wrong: {counts}, 0.1 min (train 8, valid 8, test 8)"
    missing = [line for line in lines if "missing-audio" in line]
    assert missing[0] == "wrong: error: missing-audio: 16000/valid/valid0.wav is missing."
    assert missing[10:] == ["wrong: error: missing-audio: and 2 more (--all prints them)"]
    assert "wrong: warning: silent: 16000/train/train5.wav is silent: all zeros." in lines
    assert "wrong: labels: cat, dog: train 4, valid 4, test 4" in lines
    assert lines[-1] == "wrong: chance: top1_acc 0.500, mAP 0.500"
    assert "clean: chance: event_onset_200ms_fms n/a" in done.stdout


def test_all_and_exit_status(tasks_dir: Path) -> None:
    done = CliRunner().invoke(check, ["--all", str(tasks_dir / "wrong")])
    assert done.stdout.count("missing-audio") == 12
    assert CliRunner().invoke(check, [str(tasks_dir / "clean")]).exit_code == 0
    nowhere = CliRunner().invoke(check, [str(tasks_dir / "nowhere")])
    assert (nowhere.exit_code, nowhere.stderr.count("\n")) == (2, 1)


def test_json(tasks_dir: Path) -> None:
    done = CliRunner().invoke(check, ["--json", str(tasks_dir / "clean"), str(tasks_dir / "wrong")])
    clean, wrong = json.loads(done.stdout)["tasks"]
    assert (clean["findings"], clean["errors"]) == ([], 0)
    assert (wrong["errors"], wrong["warnings"], len(wrong["findings"])) == (12, 1, 13)
    assert wrong["findings"][-1] == {
        "severity": "warning",
        "kind": "silent",
        "split": "train",
        "clip": "train5.wav",
        "message": "16000/train/train5.wav is silent: all zeros.",
    }
    assert wrong["labels"]["cat"] == {"train": 4, "valid": 4, "test": 4}
    assert wrong["chance"] == {"top1_acc": 0.5, "mAP": 0.5}


def test_tables_on_a_terminal(tasks_dir: Path) -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=100, color_system=None)
    print_check(console, check_task(tasks_dir / "wrong", lambda done, total: None), False)
    text = shown.getvalue()
    assert "│ warning │ silent        │ 16000/train/train5.wav is silent: all zeros." in text
    assert "and 2 more (--all prints them)" in text
    assert "│ cat, dog │     4 │     4 │    4 │" in text
    assert "Chance: top1_acc 0.500, mAP 0.500" in text
