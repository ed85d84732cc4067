"""What msbench export writes is upstream's layout, and reads back bit for bit."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmark.cli import main
from benchmark.embeddings.cache import CacheEntry
from benchmark.embeddings.embed import embed_task
from benchmark.heareval.embedding_folder import (
    read_heareval_folder,
    read_raw_embeddings,
    write_raw_embeddings,
)
from benchmark.heareval.export_folder import export_task, module_folder
from benchmark.models.hear_module import load_hear_module
from benchmark.tasks.task import read_task
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task


@pytest.fixture
def tasks_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "tasks"


def exported(*arguments):
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


def split_fields(split):
    return {name: getattr(split, name) for name in split.__dataclass_fields__}


@pytest.mark.parametrize("write", [write_scene_task, write_event_task])
def test_an_export_reads_back_as_it_was_embedded(tasks_dir, modules, tmp_path, write):
    task = read_task(write(tasks_dir))
    hear = load_hear_module(write_module(modules))
    entry = CacheEntry.of("module", "task", {})
    folder, kept = export_task(hear, task, entry, tmp_path / "out")
    assert not kept
    assert folder == tmp_path / "out" / hear.module_name / task.full_name
    read_back, splits = read_heareval_folder(folder)
    assert read_back.vocabulary == task.vocabulary
    embedded = embed_task(hear, task, entry).splits
    assert list(splits) == list(embedded)
    for name, split in splits.items():
        for field, value in split_fields(embedded[name]).items():
            found = getattr(split, field)
            if isinstance(value, np.ndarray):
                np.testing.assert_array_equal(found, value, strict=True, err_msg=field)
            else:
                assert found == value, field


def test_an_event_export_has_upstreams_files(tasks_dir, modules):
    """Upstream's files for the same task, derived here from the protocol's text."""
    task = write_event_task(tasks_dir)
    name = write_module(modules)
    result = exported(name, "--tasks-dir", tasks_dir, "--out", "emb")
    assert result.exit_code == 0, result.output
    folder = Path("emb") / name / task.name
    splits = {
        f"{split}.{part}"
        for split in ("train", "valid", "test")
        for part in (
            *("json", "embeddings.npy", "embedding-dimensions.json"),
            *("target-labels.pkl", "filename-timestamps.json"),
        )
    }
    alone = {"task_metadata.json", "labelvocabulary.csv", "profile.embeddings.json"}
    assert {path.name for path in folder.iterdir()} == {*splits, *alone, ".done.embeddings"}
    assert list(folder.parent.iterdir()) == [folder]
    for file in ("train.json", "task_metadata.json", "labelvocabulary.csv"):
        assert (folder / file).read_bytes() == (task / file).read_bytes()
    text = (folder / "train.filename-timestamps.json").read_text()
    stamps = json.loads(text)
    assert text == json.dumps(stamps, indent=4)
    assert stamps[1] == [f"emb/{name}/{task.name}/train/{stamps[1][0][-10:]}", 50.0]
    labels = pickle.loads((folder / "train.target-labels.pkl").read_bytes())
    assert labels == [["loud"] if 500 <= time <= 1500 else [] for _, time in stamps]
    rows, size = json.loads((folder / "train.embedding-dimensions.json").read_text())
    assert (rows, size) == (len(stamps), 4)
    raw = np.memmap(folder / "train.embeddings.npy", np.float32, "r", shape=(rows, size))
    loud = [500 <= time < 1500 for _, time in stamps]  # the frame at 1500 ms begins a silence
    assert ((raw[:, 0] > 0.01) == loud).all()


@pytest.mark.parametrize("write", [write_scene_task, write_event_task])
def test_labels_that_are_whole_numbers_stay_so(tasks_dir, modules, write):
    task = write(tasks_dir)
    for path in [*task.glob("*.json"), task / "labelvocabulary.csv"]:
        text = path.read_text().replace('"loud"', "12").replace('"quiet"', "7")
        path.write_text(text.replace("loud", "12").replace("quiet", "7"))
    name = write_module(modules)
    result = exported(name, "--tasks-dir", tasks_dir, "--out", "emb")
    assert result.exit_code == 0, result.output
    path = Path("emb") / name / task.name / "train.target-labels.pkl"
    labels = {label for row in pickle.loads(path.read_bytes()) for label in row}
    assert labels <= {7, 12}
    assert 12 in labels
    read_heareval_folder(path.parent)


def test_an_export_that_is_there_is_kept_and_never_overwritten(tasks_dir, modules):
    task = write_scene_task(tasks_dir)
    name = write_module(modules)
    command = [name, "--tasks-dir", tasks_dir, "--out", "emb"]
    exported(*command)
    folder = Path("emb") / name / task.name
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    result = exported(*command)
    assert result.exit_code == 0
    assert "exported earlier" in result.output
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    (task / "train.json").write_text((task / "train.json").read_text().replace("loud", "quiet", 1))
    result = exported(*command)
    assert result.exit_code == 1
    assert "holds other embeddings" in result.output
    (folder / ".done.embeddings").unlink()
    result = exported(*command)
    assert result.exit_code == 1
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()}.items() <= before.items()


def test_a_failed_export_leaves_nothing_and_stops_nobody(tasks_dir, modules):
    broken = write_scene_task(tasks_dir, "broken")
    (broken / "16000" / "test" / "test0.wav").write_bytes(b"")
    good = write_scene_task(tasks_dir, "good")
    (tasks_dir / "unreadable").mkdir()
    name = write_module(modules)
    result = exported("nowhere_to_be_found", name, "--tasks-dir", tasks_dir, "--out", "emb")
    assert result.exit_code == 1
    assert "No module named 'nowhere_to_be_found'" in result.output
    assert "test0.wav is an empty file" in result.output
    assert "Traceback" not in result.output
    assert list((Path("emb") / name).iterdir()) == [Path("emb") / name / good.name]


def test_checkpoints_do_not_share_a_folder(modules):
    name = write_module(modules)
    found = [module_folder(load_hear_module(f"{name}{path}")) for path in ("", "=Runs/a_1.pt")]
    assert found == [name, f"{name}-runs-a-1-pt"]
    long = module_folder(load_hear_module(f"{name}=/{'x' * 400}/1.pt"))
    assert len(long) < 200
    assert long.endswith("x-1-pt")


def test_raw_embeddings_are_copied_in_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmark.heareval.embedding_folder.CHUNK_NUMBERS", 7)
    numbers = np.arange(33, dtype=np.float16).reshape(11, 3)
    write_raw_embeddings(tmp_path, "test", numbers)
    np.testing.assert_array_equal(read_raw_embeddings(tmp_path, "test"), numbers)
    assert (tmp_path / "test.embeddings.npy").stat().st_size == 33 * 4
