import json
from pathlib import Path

import pytest

from benchmark.tasks.task import read_task
from tests.benchmark.tasks.made_task import event_task, make_task, scene_task, write_json


def change_metadata(folder: Path, **changes: object) -> None:
    path = folder / "task_metadata.json"
    write_json(path, json.loads(path.read_text()) | changes)


def test_scene_task(tmp_path: Path) -> None:
    task = read_task(scene_task(tmp_path / "made-v1-full", notice="synthetic"))
    assert (task.name, task.full_name, task.family) == ("made", "made-v1-full", "scene")
    assert task.splits == ("train", "valid", "test")
    assert task.vocabulary == ("cat", "dog")
    assert task.sample_duration == 0.5
    assert task.evaluation == ("top1_acc",)
    assert task.use_scoring_for_early_stopping
    assert task.postprocessing_grid is None
    assert task.param_grid == {}
    assert task.notice == "synthetic"


def test_event_task_with_its_own_grids(tmp_path: Path) -> None:
    task = read_task(
        event_task(
            tmp_path / "made",
            sample_duration=None,
            use_scoring_for_early_stopping=False,
            evaluation_params={
                "event_postprocessing_grid": {"median_filter_ms": [150], "min_duration": [50]},
                "task_specific_param_grid": {"max_epochs": [50]},
            },
        )
    )
    assert task.family == "event"
    assert task.sample_duration is None
    assert not task.use_scoring_for_early_stopping
    assert task.postprocessing_grid == {"median_filter_ms": [150], "min_duration": [50]}
    assert task.param_grid == {"max_epochs": [50]}


def test_a_pitch_task_is_one_that_scores_pitch(tmp_path: Path) -> None:
    folder = scene_task(tmp_path / "made", evaluation=["pitch_acc", "chroma_acc"])
    assert read_task(folder).family == "pitch"


@pytest.mark.parametrize("split_mode", ["new_split_kfold", "presplit_kfold"])
def test_folds(tmp_path: Path, split_mode: str) -> None:
    labels = {f"fold0{i}": {f"{i}.wav": ["cat"]} for i in range(3)}
    task = read_task(make_task(tmp_path / "made", labels, split_mode=split_mode))
    assert task.split_mode == split_mode
    assert task.splits == ("fold00", "fold01", "fold02")


@pytest.mark.parametrize(
    "key",
    [
        "task_name",
        "embedding_type",
        "prediction_type",
        "split_mode",
        "splits",
        "sample_duration",
        "evaluation",
    ],
)
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    folder = scene_task(tmp_path / "made")
    path = folder / "task_metadata.json"
    content = json.loads(path.read_text())
    del content[key]
    write_json(path, content)
    with pytest.raises(ValueError, match=f"task_metadata.json: key '{key}' is missing."):
        read_task(folder)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"task_name": " "}, "key 'task_name' must be a non-empty string, but is ' '"),
        ({"embedding_type": "clip"}, "key 'embedding_type' must be one of scene, event, but is"),
        ({"prediction_type": 3}, "key 'prediction_type' must be one of multiclass, multilabel"),
        ({"split_mode": "folds"}, "key 'split_mode' must be one of trainvaltest, new_split_kfold"),
        ({"splits": "train"}, "key 'splits' must be a list of different names"),
        ({"splits": ["train", "train", "test"]}, "key 'splits' must be a list of different names"),
        ({"splits": ["train", "valid", "../x"]}, "split '../x' is no plain name"),
        ({"splits": ["train", "test"]}, "must be train, valid, test, but is train, test"),
        ({"split_mode": "new_split_kfold", "splits": ["a", "b"]}, "needs at least 3 folds"),
        ({"sample_duration": 0}, "key 'sample_duration' must be seconds above 0, or null"),
        ({"sample_duration": "1 s"}, "key 'sample_duration' must be seconds above 0, or null"),
        ({"evaluation": []}, "key 'evaluation' must be a list"),
        ({"evaluation": ["accuracy"]}, "names the score 'accuracy'"),
        ({"evaluation": ["segment_1s_er"]}, "names the score 'segment_1s_er'"),
        ({"use_scoring_for_early_stopping": "no"}, "must be true or false, but is 'no'"),
        ({"notice": 1}, "key 'notice' must be a non-empty string"),
        ({"evaluation_params": []}, None),
        ({"evaluation_params": [1]}, "key 'evaluation_params' must be an object"),
        (
            {"evaluation_params": {"task_specific_param_grid": {"lr": 0.1}}},
            "key 'evaluation_params.task_specific_param_grid' must be an object of non-empty lists",
        ),
        (
            {"evaluation_params": {"event_postprocessing_grid": {"median": [1]}}},
            "'evaluation_params.event_postprocessing_grid' may have lists of milliseconds",
        ),
        (
            {"evaluation_params": {"event_postprocessing_grid": {"min_duration": [1e30]}}},
            "may have lists of milliseconds, from 0 to 3,600,000, under median_filter_ms",
        ),
        (
            {"evaluation_params": {"task_specific_param_grid": {"hidden_layers": [10**9]}}},
            "hidden_layers 1000000000, which is no sensible number: a whole number from 0 to 16 is",
        ),
        (
            {"evaluation_params": {"task_specific_param_grid": {"epochs": [3]}}},
            "has the unknown key 'epochs'; known are batch_size",
        ),
        (
            {"embedding_type": "event", "evaluation": ["top1_acc"]},
            "names the score 'top1_acc', which a task of embedding_type 'event' does not have",
        ),
        (
            {"evaluation_params": {"task_specific_param_grid": {"lr": [0.1] * 100_000}}},
            "has 100,000 values of lr: at most 100 are allowed",
        ),
        (
            {"evaluation_params": {"task_specific_param_grid": {k: [1] * 99 for k in "abc"}}},
            "has 970,299 points: at most 10,000 are allowed",
        ),
    ],
)
def test_a_wrong_value_is_named(
    tmp_path: Path, changes: dict[str, object], sentence: str | None
) -> None:
    folder = scene_task(tmp_path / "made")
    change_metadata(folder, **changes)
    if sentence is None:
        read_task(folder)
        return
    with pytest.raises(ValueError) as caught:
        read_task(folder)
    assert str(folder / "task_metadata.json") in str(caught.value)
    assert sentence in str(caught.value)


def test_missing_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder: a task is a folder"):
        read_task(tmp_path / "nowhere")
    folder = scene_task(tmp_path / "made")
    metadata = folder / "task_metadata.json"
    metadata.write_text("{'task_name': 3}")
    with pytest.raises(ValueError, match=r"task_metadata.json .* is not valid JSON: .* line 1"):
        read_task(folder)
    metadata.write_text("[]")
    with pytest.raises(ValueError, match=r"must be a JSON object \{...\}, but is a list"):
        read_task(folder)
    metadata.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ValueError, match=r"task_metadata.json .* is not UTF-8 text"):
        read_task(folder)
    metadata.unlink()
    with pytest.raises(FileNotFoundError, match=r"task_metadata.json is missing: it should hold"):
        read_task(folder)
