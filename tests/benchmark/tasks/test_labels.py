import random
from pathlib import Path

import pytest

from benchmark.events.table import Event
from benchmark.tasks.labels import read_events, read_scene_labels, row_order
from benchmark.tasks.task import read_task
from tests.benchmark.tasks.made_task import event_task, make_task, scene_task, write_json


def test_scene_labels(tmp_path: Path) -> None:
    task = read_task(scene_task(tmp_path / "made"))
    assert read_scene_labels(task, "valid") == {
        "valid-0.wav": ["cat"],
        "valid-1.wav": ["dog"],
        "valid-2.wav": ["cat"],
    }


def test_numbers_are_looked_up_as_text(tmp_path: Path) -> None:
    labels = {split: {"a.wav": [60], "b.wav": ["61"]} for split in ("train", "valid", "test")}
    task = read_task(make_task(tmp_path / "made", labels, vocabulary=("60", "61")))
    assert read_scene_labels(task, "train") == {"a.wav": ["60"], "b.wav": ["61"]}


def test_multilabel_clips_may_have_any_number_of_labels(tmp_path: Path) -> None:
    labels = {s: {"a.wav": [], "b.wav": ["dog", "cat"]} for s in ("train", "valid", "test")}
    task = read_task(make_task(tmp_path / "made", labels, prediction_type="multilabel"))
    assert read_scene_labels(task, "test") == {"a.wav": [], "b.wav": ["dog", "cat"]}


def test_events_are_sorted_by_onset(tmp_path: Path) -> None:
    task = read_task(event_task(tmp_path / "made"))
    assert read_events(task, "train") == {
        "train.wav": [Event("cat", 10.0, 10.0), Event("dog", 300.0, 350.5)]
    }


def test_row_order_is_one_generator_through_all_splits(tmp_path: Path) -> None:
    folds = {f"fold0{f}": {f"{f}-{i}.wav": ["cat"] for i in range(20)} for f in range(3)}
    task = read_task(make_task(tmp_path / "made", folds, split_mode="presplit_kfold"))
    labels = {split: read_scene_labels(task, split) for split in reversed(task.splits)}
    random.seed(0)  # the module's generator, as upstream's source reads
    for split in ("fold00", "fold01", "fold02"):
        files = list(folds[split])
        random.shuffle(files)
        assert row_order(task, labels)[split] == files


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({}, "split 'train' has no clip"),
        ({"a.wav": ["cow"]}, "label 'cow' of clip 'a.wav' is not in made's labelvocabulary.csv"),
        ({"a.wav": []}, "clip 'a.wav' of a multiclass task must have exactly one label, but has 0"),
        ({"a.wav": ["cat", "dog"]}, "exactly one label, but has 2: ['cat', 'dog']"),
        ({"a.wav": "cat"}, "clip 'a.wav' must have a list, but has 'cat'"),
        *(
            ({"a.wav": [odd]}, "a label of clip 'a.wav' must be text or a number, but is ")
            for odd in (None, True, ["cat"], {"cat": 1}, float("nan"))
        ),
        ({"../a.wav": ["cat"]}, "clip '../a.wav' must be a file name without folders"),
    ],
)
def test_bad_scene_labels(tmp_path: Path, content: object, sentence: str) -> None:
    task = read_task(scene_task(tmp_path / "made"))
    write_json(task.folder / "train.json", content)
    with pytest.raises(ValueError) as caught:
        read_scene_labels(task, "train")
    assert str(task.folder / "train.json") in str(caught.value)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({"label": "cow", "start": 0, "end": 1}, "label 'cow' of clip 'a.wav' is not in made's"),
        ({"label": "cat", "start": 9, "end": 8.5}, "ends (8.5 ms) before it starts (9 ms)"),
        ({"label": None, "start": 0, "end": 1}, "must be text or a number, but is None"),
        ({"label": "cat", "start": 9}, "must have label, start and end"),
        ("cat", "must have label, start and end"),
        (
            {"label": "cat", "start": "0", "end": 1},
            "must have 'start' in milliseconds, but has '0'",
        ),
        ({"label": "cat", "start": 0, "end": float("nan")}, "must have 'end' in milliseconds"),
    ],
)
def test_bad_events(tmp_path: Path, event: object, sentence: str) -> None:
    task = read_task(event_task(tmp_path / "made"))
    write_json(task.folder / "train.json", {"a.wav": [event]})
    with pytest.raises(ValueError) as caught:
        read_events(task, "train")
    assert str(task.folder / "train.json") in str(caught.value)
    assert "clip 'a.wav'" in str(caught.value)
    assert sentence in str(caught.value)


def test_an_event_that_lasts_for_ages_is_refused_when_labels_are_read(tmp_path: Path) -> None:
    task = read_task(event_task(tmp_path / "made"))
    write_json(task.folder / "train.json", {"a.wav": [{"label": "cat", "start": 0, "end": 1e18}]})
    with pytest.raises(ValueError, match=r"train\.json has an event at 1e\+18 ms"):
        read_events(task, "train")


def test_a_clip_or_key_that_comes_twice_is_refused(tmp_path: Path) -> None:
    folder = scene_task(tmp_path / "made")
    (folder / "train.json").write_text('{"a.wav": ["cat"], "b.wav": ["cat"], "a.wav": ["dog"]}')
    with pytest.raises(ValueError, match=r"train\.json .* has the key 'a.wav' twice: leave one"):
        read_scene_labels(read_task(folder), "train")
    facts = (folder / "task_metadata.json").read_text().rstrip()
    (folder / "task_metadata.json").write_text(facts[:-1] + ', "evaluation": ["mAP"]}')
    with pytest.raises(ValueError, match="has the key 'evaluation' twice"):
        read_task(folder)


def test_missing_split_file(tmp_path: Path) -> None:
    task = read_task(scene_task(tmp_path / "made"))
    (task.folder / "valid.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"valid.json is missing.* labels of split 'valid'"):
        read_scene_labels(task, "valid")


def test_broken_split_file(tmp_path: Path) -> None:
    task = read_task(scene_task(tmp_path / "made"))
    (task.folder / "valid.json").write_text('{"a.wav": ["cat"')
    with pytest.raises(ValueError, match=r"valid.json .*split 'valid'\) is not valid JSON"):
        read_scene_labels(task, "valid")
