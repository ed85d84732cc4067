"""msbench score: upstream's file from upstream's embeddings, and no file lost."""

import json
import math
import shutil

import pytest
from click.testing import CliRunner

from benchmark.cli import main
from tests.benchmark.heads.stored_runs import rounds_as_stored_runs, stored_threads
from tests.benchmark.heareval.heareval_folders import write_event_folder, write_scene_folder
from tests.benchmark.heareval.score_files import (
    assert_near_upstreams_file,
    assert_upstreams_file,
)

FILE = "test.predicted-scores.json"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def scene(tmp_path):
    return write_scene_folder(tmp_path / "scene-v1-full", clips=20)


def scored(*arguments):
    return CliRunner().invoke(main, ["score", *map(str, arguments)])


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["fsdd_speaker-v1-full", "fsdd_kfold-v1-full", "fsdd_event-v1-small"]
)
def test_upstreams_embeddings_give_upstreams_file(shared_data, tmp_path, name):
    folder = tmp_path / name
    shutil.copytree(
        shared_data / "parity" / "embeddings" / name, folder, copy_function=shutil.copyfile
    )
    folder.chmod(0o755)
    with stored_threads():
        result = scored(folder, "--grid", "faster", "--mode", "exact")
    assert result.exit_code == 0, result.output
    ours = json.loads((folder / FILE).read_text())
    theirs = json.loads((shared_data / "parity" / "scores" / "faster" / name / FILE).read_text())
    assert ours["embedding_path"] == str(folder)
    first = next(iter(ours["msbench"]["folds"].values()))
    assert first == {key: ours[key] for key in ("hparams", "postprocessing")}
    assert_near_upstreams_file(ours, theirs)
    if rounds_as_stored_runs("faster"):
        assert_upstreams_file(ours, theirs)


def test_the_protocol_stands_beside_upstreams_keys(scene, cache):
    arguments = ("--grid", "faster", "--mode", "exact", "--strict", "--seed", "3")
    result = scored(scene, *arguments, "--grid-points", "2")
    assert result.exit_code == 0, result.output
    ours = json.loads((scene / FILE).read_text())["msbench"]
    wanted = {"grid": "faster", "mode": "exact", "rules": "strict", "seed": 3, "grid_points": 2}
    assert wanted.items() <= ours.items()
    assert "torch" in ours["versions"]
    assert "cores" in ours["machine"]
    assert not list((cache / "heads").glob("*"))


def test_the_same_scores_are_kept_and_others_never_lost(scene):
    command = (scene, "--grid", "faster", "--mode", "exact", "--grid-points", "1")
    assert scored(*command).exit_code == 0
    before = (scene / FILE).read_bytes()
    result = scored(*command)
    assert result.exit_code == 0
    assert "finished earlier" in result.output
    result = scored(*command, "--seed", "1")
    assert result.exit_code == 1
    assert "another protocol" in result.output
    assert "(seed 42, not 1)" in result.output
    assert (scene / FILE).read_bytes() == before
    assert scored(*command, "--seed", "1", "--force").exit_code == 0
    assert json.loads((scene / FILE).read_text())["msbench"]["seed"] == 1


def test_scores_of_other_embeddings_are_not_taken_for_these(scene):
    command = (scene, "--grid", "faster", "--mode", "exact", "--grid-points", "1")
    scored(*command)
    path = scene / "train.embeddings.npy"
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)
    result = scored(*command)
    assert result.exit_code == 1
    assert "other embeddings" in result.output


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"test": {"test_score": 0.5}}', "written by another tool"),
        ('{"msbench": 1}', "written by another tool"),
        ("[]", "must be a JSON object"),
        ("{", "not valid JSON"),
    ],
)
def test_a_file_of_another_tool_is_not_overwritten(scene, content, sentence):
    (scene / FILE).write_text(content)
    result = scored(scene, "--grid", "faster", "--mode", "exact", "--grid-points", "1")
    assert result.exit_code == 1
    assert sentence in result.output
    assert (scene / FILE).read_text() == content


def test_out_writes_elsewhere(scene, tmp_path):
    out = tmp_path / "elsewhere" / "scores.json"
    command = ("--grid", "faster", "--mode", "exact", "--grid-points", "1", "--out", out)
    assert scored(scene, *command).exit_code == 0
    assert out.is_file()
    assert not (scene / FILE).exists()
    result = scored(scene, scene, *command)
    assert result.exit_code == 2
    assert "2 folders" in result.output


def test_a_broken_folder_does_not_stop_the_others(tmp_path, scene):
    event = write_event_folder(tmp_path / "event-v1-full")
    (event / "train.target-labels.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    command = ("--grid", "faster", "--mode", "exact", "--grid-points", "1")
    result = scored(tmp_path / "nowhere", event, scene, *command)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert any("nowhere is not a folder" in line for line in lines)
    assert any("train.target-labels.pkl" in line and "failed" in line for line in lines)
    assert any("scene-v1-full  top1_acc" in line for line in lines)
    assert "Traceback" not in result.output


def test_a_stopped_run_goes_on_with_the_heads_it_has(scene, monkeypatch):
    from benchmark.heareval import score_folder

    command = (scene, "--grid", "faster", "--mode", "exact", "--grid-points", "2")
    with monkeypatch.context() as patch:
        patch.setattr(score_folder, "write_text", lambda *_: (_ for _ in ()).throw(OSError("full")))
        assert "full" in scored(*command).output
    assert scored(*command).exit_code == 0
    stopped = json.loads((scene / FILE).read_text())
    assert scored(*command, "--force").exit_code == 0
    whole = json.loads((scene / FILE).read_text())
    for content in (stopped, whole):
        del content["test"]["time_in_min"]
    assert stopped == whole


def test_a_loss_that_is_watched_is_minimised(tmp_path):
    """As upstream says of the number that it watched, whatever the first score is."""
    folder = write_scene_folder(tmp_path / "loss-v1-full", use_scoring_for_early_stopping=False)
    assert scored(folder, "--grid", "faster", "--grid-points", "1").exit_code == 0
    content = json.loads((folder / FILE).read_text())
    assert content["score_mode"] == "min"
    assert math.isfinite(content["test"]["validation_score"])
