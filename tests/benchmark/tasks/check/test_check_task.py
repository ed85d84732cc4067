"""Every kind of finding: alone in a folder, and all of them in one folder, each found once."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.tasks.check.check_task import TaskCheck, check_task
from benchmark.tasks.check.finding import KINDS
from benchmark.tasks.event_places import refuse_unheard
from benchmark.tasks.labels import read_events, read_scene_labels
from benchmark.tasks.task import read_task
from tests import ROOT
from tests.benchmark.tasks.check.faulty_tasks import (
    CLIPS,
    EVENT_FAULTS,
    RATE,
    SCENE_FAULTS,
    change,
    clean_event_task,
    clean_scene_task,
    clip,
    cut,
    label,
    low_rate,
    seconds,
)
from tests.benchmark.tasks.made_task import make_task


def check(folder: Path) -> TaskCheck:
    return check_task(folder, lambda done, total: None)


def kinds(folder: Path) -> Counter[str]:
    return Counter(finding.kind for finding in check(folder).findings)


@pytest.mark.parametrize("make", [clean_scene_task, clean_event_task])
def test_a_clean_task_has_no_finding(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    done = []
    found = check_task(make(tmp_path / "made"), lambda *counts: done.append(counts))
    assert found.findings == []
    assert found.clips == {"train": CLIPS, "valid": CLIPS, "test": CLIPS}
    assert found.hours == pytest.approx(dict.fromkeys(found.clips, CLIPS * 0.5 / 3600))
    assert done == [(i, 3 * CLIPS) for i in range(1, 3 * CLIPS + 1)]


@pytest.mark.parametrize("kind", SCENE_FAULTS)
def test_a_scene_fault_alone(tmp_path: Path, kind: str) -> None:
    folder = clean_scene_task(tmp_path / "made")
    SCENE_FAULTS[kind](folder)
    assert kinds(folder) == {kind: 1}


@pytest.mark.parametrize("kind", EVENT_FAULTS)
def test_an_event_fault_alone(tmp_path: Path, kind: str) -> None:
    folder = clean_event_task(tmp_path / "made")
    EVENT_FAULTS[kind](folder)
    assert kinds(folder) == {kind: 1}


@pytest.mark.parametrize(
    ("make", "faults"), [(clean_scene_task, SCENE_FAULTS), (clean_event_task, EVENT_FAULTS)]
)
def test_all_faults_at_once_are_each_found_once(
    tmp_path: Path, make: Callable[[Path], Path], faults: dict[str, Callable[[Path], object]]
) -> None:
    folder = make(tmp_path / "made")
    for fault in faults.values():
        fault(folder)
    found = check(folder)
    assert Counter(finding.kind for finding in found.findings) == dict.fromkeys(faults, 1)
    severities = [finding.severity for finding in found.findings]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert not any(str(tmp_path) in finding.message for finding in found.findings)


def test_every_kind_is_made_somewhere() -> None:
    elsewhere = {"label-file", "no-audio", "chroma-gap", "unusual-rate", "one-class"}
    assert SCENE_FAULTS.keys() | EVENT_FAULTS.keys() | elsewhere == KINDS.keys()


def test_a_task_of_one_class_is_named(tmp_path: Path) -> None:
    labels = {split: {f"{split}.wav": ["cat"]} for split in ("train", "valid", "test")}
    folder = make_task(tmp_path / "made", labels, ("cat",), sample_duration=None)
    assert kinds(folder)["one-class"] == 1


def test_every_kind_is_documented() -> None:
    text = (ROOT / "docs" / "tasks.md").read_text("utf-8")
    assert not [kind for kind in KINDS if f"`{kind}`" not in text]


@pytest.mark.parametrize("suffix", ["flac", "ogg", "wav"])
@pytest.mark.parametrize("share", [0.35, 0.8, 0.99])
def test_cut_files_where_clips_have_any_length(tmp_path: Path, suffix: str, share: float) -> None:
    folder = clean_scene_task(tmp_path / "made", suffix, sample_duration=None)
    assert not kinds(folder)
    cut(clip(folder, "train", 0, suffix), share)
    assert kinds(folder) == {"truncated-audio": 1}


def test_every_key_of_the_metadata(tmp_path: Path) -> None:
    folder = clean_scene_task(tmp_path / "made")
    wrong = {"prediction_type": 3, "evaluation": ["accuracy"], "sample_duration": "1 s"}
    change(folder, "task_metadata.json", lambda own: own.update(wrong))
    change(folder, "task_metadata.json", lambda own: own.pop("split_mode"))
    messages = [f.message for f in check(folder).findings]
    assert len(messages) == 4
    for key in ("split_mode", *wrong):
        assert any(f"key '{key}'" in message for message in messages)


def test_without_metadata_or_vocabulary_the_rest_is_still_checked(tmp_path: Path) -> None:
    folder = clean_event_task(tmp_path / "made")
    (folder / "task_metadata.json").write_text("{")
    (folder / "labelvocabulary.csv").unlink()
    EVENT_FAULTS["event-outside"](folder)
    SCENE_FAULTS["stereo"](folder)
    assert kinds(folder) == {"metadata": 1, "vocabulary": 1, "event-outside": 1, "stereo": 1}


def test_every_row_of_the_vocabulary(tmp_path: Path) -> None:
    folder = clean_scene_task(tmp_path / "made")
    rows = "idx,label\n0,cat\n1,dog\n1,cow\nx,bird\n4,\n"
    (folder / "labelvocabulary.csv").write_text(rows)
    assert kinds(folder) == {"vocabulary": 3}


def test_a_missing_label_file_and_missing_folders_are_told_once(tmp_path: Path) -> None:
    folder = clean_scene_task(tmp_path / "made")
    (folder / "valid.json").write_text('{"a.wav": ["cat"')
    (folder / str(RATE) / "test").rename(folder / "elsewhere")
    assert kinds(folder) == {"label-file": 1, "no-audio": 1}
    (folder / str(RATE)).rename(folder / "audio")
    assert kinds(folder) == {"label-file": 1, "no-audio": 1}


def test_events_are_judged_by_the_tasks_duration_where_audio_is_missing(tmp_path: Path) -> None:
    folder = clean_event_task(tmp_path / "made")
    EVENT_FAULTS["event-in-seconds"](folder)
    EVENT_FAULTS["event-outside"](folder)
    (folder / str(RATE)).rename(folder / "audio")
    assert kinds(folder) == {"no-audio": 1, "event-in-seconds": 1, "event-outside": 1}


def test_equal_audio_at_two_rates_is_told_once(tmp_path: Path) -> None:
    folder = clean_scene_task(tmp_path / "made")
    SCENE_FAULTS["shared-audio"](folder)
    low_rate(folder)
    assert kinds(folder) == {"shared-audio": 1, "unusual-rate": 1}


def test_folds_that_train_on_no_example_of_a_label(tmp_path: Path) -> None:
    folder = clean_scene_task(tmp_path / "made")
    for index, split in enumerate(("train", "valid", "test")):
        (folder / f"{split}.json").rename(folder / f"fold0{index}.json")
        (folder / str(RATE) / split).rename(folder / str(RATE) / f"fold0{index}")
    folds = {"splits": ["fold00", "fold01", "fold02"], "split_mode": "presplit_kfold"}
    change(folder, "task_metadata.json", lambda own: own.update(folds))
    assert not kinds(folder)
    change(folder, "fold01.json", lambda own: own.update({name: ["cat"] for name in own}))
    # Fold i + 1 validates, so fold 0 trains on fold 2, fold 1 on 0 and fold 2 on 1: no dog.
    found = check(folder).findings
    assert [(f.kind, f.split) for f in found] == [
        ("untrained-label", "fold02"),
        ("untested-label", "fold01"),
    ]


def test_chroma_with_gaps(tmp_path: Path) -> None:
    folder = clean_scene_task(tmp_path / "made", evaluation=["pitch_acc", "chroma_acc"])
    notes = {"cat": "60", "dog": "61"}
    for split in ("train", "valid", "test"):
        rename = {f"{split}{i}.wav": [notes[("cat", "dog")[i % 2]]] for i in range(CLIPS)}
        change(folder, f"{split}.json", lambda own, rename=rename: own.update(rename))
    (folder / "labelvocabulary.csv").write_text("idx,label\n0,60\n1,61\n")
    assert not kinds(folder)
    (folder / "labelvocabulary.csv").write_text("idx,label\n0,61\n1,60\n")
    assert kinds(folder) == {"chroma-gap": 1}
    (folder / "labelvocabulary.csv").write_text("idx,label\n0,60\n1,61\n2,--62\n")
    assert kinds(folder)["chroma-gap"] == 1  # a number of its letters, but none of Python's


def test_two_faults_of_a_clip(tmp_path: Path) -> None:
    folder = clean_scene_task(tmp_path / "made")
    label(folder, "train", 0, ["cow", "sheep"])
    assert kinds(folder) == {"label-entry": 1, "unknown-label": 2}
    label(folder, "train", 0, "cat")
    assert kinds(folder) == {"label-entry": 1}


def _vocabulary(folder: Path, text: str) -> None:
    (folder / "labelvocabulary.csv").write_text("idx,label\n" + text)


def _twice(folder: Path, file: str, pair: str) -> None:
    text = (folder / file).read_text().rstrip()
    (folder / file).write_text(f"{text[:-1]}, {pair}}}")


# Whether it is of scene tasks, and what is done to the task.
READ_BY_BOTH: dict[str, tuple[bool, Callable[[Path], object]]] = {
    "nothing": (True, lambda f: None),
    "no events": (False, lambda f: None),
    "a clip twice": (True, lambda f: _twice(f, "train.json", '"train0.wav": ["dog"]')),
    "a key twice": (True, lambda f: _twice(f, "task_metadata.json", '"evaluation": ["mAP"]')),
    "a comma": (True, lambda f: _vocabulary(f, "0,cat, black\n1,dog\n")),
    "a long index": (True, lambda f: _vocabulary(f, f"{5000 * '9'},cat\n1,dog\n")),
    "null": (True, lambda f: (label(f, "train", 0, [None]), _vocabulary(f, "0,None\n1,dog\n"))),
    "true": (True, lambda f: (label(f, "train", 0, [True]), _vocabulary(f, "0,True\n1,dog\n"))),
    "a list": (True, lambda f: (label(f, "train", 0, [[1]]), _vocabulary(f, "0,[1]\n1,dog\n"))),
    "another grid": (
        True,
        lambda f: change(
            f,
            "task_metadata.json",
            lambda m: m.update(evaluation_params={"task_specific_param_grid": {"epochs": [1]}}),
        ),
    ),
    "accuracy of events": (
        False,
        lambda f: change(f, "task_metadata.json", lambda m: m.update(evaluation=["top1_acc"])),
    ),
    "an event without a name": (
        False,
        lambda f: label(f, "train", 0, [{"label": None, "start": 0, "end": 190}]),
    ),
    "times in seconds": (False, lambda f: seconds(f, "valid")),
    "events elsewhere": (
        False,
        lambda f: [
            label(f, "test", i, [{"label": "cat", "start": 9000, "end": 9200}])
            for i in range(CLIPS)
        ],
    ),
}


@pytest.mark.parametrize("what", READ_BY_BOTH)
def test_the_check_finds_an_error_wherever_a_run_refuses(tmp_path: Path, what: str) -> None:
    scene, fault = READ_BY_BOTH[what]
    folder = (clean_scene_task if scene else clean_event_task)(tmp_path / "made")
    fault(folder)
    refused = None
    try:
        task = read_task(folder)
        for split in task.splits:
            if scene:
                read_scene_labels(task, split)
                continue
            events = read_events(task, split)
            refuse_unheard(events, dict.fromkeys(events, 450.0), split)
    except ValueError as error:
        refused = str(error)
    errors = [f for f in check(folder).findings if f.severity == "error"]
    assert bool(errors) == bool(refused) == (not what.startswith("no")), (refused, errors)
